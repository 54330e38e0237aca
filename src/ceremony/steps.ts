/**
 * The steps of a ceremony, once. The printed script, the runbook and the dialogue are all made from this list, and the
 * transcript is held against it. Words in braces are filled in: {threshold}, {custodians}, {generations}, {sheets},
 * {custodian} and {generation}. A change of a step is a new SCRIPT_VERSION.
 */

/** Stands on the cover and in the transcript. */
export const SCRIPT_VERSION = 1

/** Who does a step. The tool does its own steps when the operator presses Enter. */
export type Doer = 'administrator' | 'operator' | 'internal witness' | 'external witness' | 'custodian' | 'everybody' | 'tool'

/** One step, as written once for all ceremonies. */
export interface StepDefinition {
  /** Stable name; transcripts cite it. */
  readonly id: string
  readonly who: Doer
  /** Expected duration. */
  readonly minutes: number
  readonly text: string
  /** What must be true before it begins. */
  readonly before?: string
  /** What is written down, if more than the time. */
  readonly record?: string
  /** Done once for each of them. */
  readonly each?: 'custodian' | 'generation'
}

/** An act: steps that belong together. Acts after the transcript is closed are done on paper. */
export interface ActDefinition {
  readonly title: string
  readonly intro: string
  readonly onPaper?: true
  readonly steps: readonly StepDefinition[]
}

const acts = [
  {
    title: 'The room',
    intro: 'People, one clock, and nothing that can take a picture.',
    steps: [
      { id: 'room.clock', who: 'administrator', minutes: 2, text: 'Choose one clock that everybody sees. It is the only source of time today; every time is written in UTC.', record: 'time on that clock, UTC' },
      { id: 'room.people', who: 'administrator', minutes: 8, text: 'Everybody says name and affiliation. The administrator looks at an official document of each person and ticks it in the table of roles; no document number is written down. Everybody signs the table, so that later signatures can be compared.', before: 'Four different people are administrator, operator, internal and external witness. At least {threshold} of the {custodians} custodians are here.' },
      { id: 'room.devices', who: 'internal witness', minutes: 4, text: 'Everything that can record or transmit goes off and into one bag: telephones, watches, glasses, earphones, cameras. The bag stays in sight.', record: 'number of devices in the bag' },
      { id: 'room.door', who: 'external witness', minutes: 2, text: 'Look for cameras, mirrors and windows with a view of the screen, the printer or the table; cover them. The door is closed. From now on nobody leaves alone: a break is everybody\'s break, and is recorded.' },
      { id: 'room.script', who: 'administrator', minutes: 3, text: 'Everybody has a copy of this script; one is the official copy and is kept by the internal witness. The administrator reads the code name and the SHA-256 in words from the cover, the operator follows on the screen.', before: 'The screen shows the same code name and the same words as the cover.', record: 'code name, as read from the cover' },
    ],
  },
  {
    title: 'What is on the table',
    intro: 'Every item is named, held up, and compared with the record of the ceremony before.',
    steps: [
      { id: 'table.items', who: 'operator', minutes: 5, text: 'Hold up each item and read its serial number, sign by sign, in a phonetic alphabet: the machine, the boot medium, the printer, the scanner or camera, the media that take the record away.', record: 'serial numbers' },
      { id: 'table.bags', who: 'external witness', minutes: 4, text: 'Look at the bags in which the machine and the boot medium came: they are whole, and carry the numbers that the last record names. At a first ceremony: the machine is new, or was chosen by lot from several.', before: 'No bag was opened since the last record.', record: 'bag numbers, or "first ceremony"' },
      { id: 'table.supplies', who: 'internal witness', minutes: 3, text: 'Count the supplies: numbered bags that show when they were opened, {sheets} at least; paper that was bought for today, pens that do not fade, a shredder.', record: 'bags at hand' },
    ],
  },
  {
    title: 'The machine',
    intro: 'It is nobody\'s, it has no memory of its own, and it hears nobody.',
    steps: [
      { id: 'machine.cut', who: 'operator', minutes: 4, text: 'Show that the network cable is out, radios are out or off, and no disk is in the machine. Count what is plugged in: keyboard, screen, printer, scanner, and nothing else.', before: 'The printer and the scanner have no disk and no network of their own.', record: 'what is plugged in' },
      { id: 'machine.image', who: 'internal witness', minutes: 4, text: 'Compare the SHA-256 of the boot medium, as the machine shows it, with the two copies that two people brought from two places.', before: 'The two copies are equal.', record: 'first 16 digits of the SHA-256' },
      { id: 'machine.code', who: 'tool', minutes: 1, text: 'The tool shows its version and the SHA-256 of its own files. Compare both with the cover.', before: 'Nothing in the environment may bring other code into this process.' },
      { id: 'machine.network', who: 'tool', minutes: 1, text: 'The tool looks for interfaces with a carrier and for default routes.', before: 'There is no interface with a carrier and no default route.' },
      { id: 'machine.clock', who: 'operator', minutes: 1, text: 'Read the tool\'s time from the screen and compare it with the clock in the room.', before: 'They differ by less than a minute.', record: 'difference in seconds' },
      { id: 'machine.entropy', who: 'tool', minutes: 1, text: 'The tool asks the kernel for random bytes, which it gives only once its generator has been seeded.', before: 'The kernel answers.' },
      { id: 'machine.sheets', who: 'tool', minutes: 1, text: 'The tool shows where sheets will lie until they are printed.', before: 'Sheets lie in memory, which ends with the power.' },
    ],
  },
  {
    title: 'What is agreed',
    intro: 'Read aloud, so that nobody signs what was only on a screen.',
    steps: [
      { id: 'agreed.custody', who: 'administrator', minutes: 3, text: 'Read from the cover: tenancy, user, home region; which generations are made today; that any {threshold} of {custodians} custodians recombine a key, and fewer learn nothing.' },
      { id: 'agreed.rules', who: 'administrator', minutes: 5, text: 'Read the rules from the cover: what the key may be used for, how long, and who signs manifests. They are sealed with the keys, and no warrant can go beyond them. Anybody may object now.', before: 'The SHA-256 of the rules on the screen is the one on the cover.' },
      { id: 'agreed.names', who: 'everybody', minutes: 2, text: 'Each custodian reads number and name in the table of roles: it will stand on the sheet exactly so.' },
    ],
  },
  {
    title: 'The keys',
    intro: 'The tool makes everything in one go and keeps it in memory. Nobody touches the keyboard until it has ended.',
    steps: [
      { id: 'keys.make', who: 'tool', minutes: 3, text: 'The tool makes the {generations}, seals each private key in an envelope, splits the secret of each envelope {threshold} of {custodians}, opens every envelope again, and proves that every {threshold} shares give the secret back.', before: 'Network and environment are as they were when they were looked at.' },
      { id: 'keys.read', who: 'operator', minutes: 2, each: 'generation', text: 'Read the key id of GENERATION {generation} from the screen, in words. The internal witness writes it beside this step.', record: 'key id' },
      { id: 'keys.sheets', who: 'tool', minutes: 3, text: 'The tool draws all {sheets} sheets, rasterises every page, and compares what a scanner reads with what was meant. One spoilt page, and nothing is released.' },
    ],
  },
  {
    title: 'Handing over',
    intro: 'One custodian after the other comes to the printer. The others stay at the table and look at something else.',
    steps: [
      { id: 'hand.release', who: 'custodian', minutes: 2, each: 'custodian', text: 'Custodian {custodian} stands at the printer, alone with the operator, whose back is turned, and presses Enter: the sheets of this custodian are released, and of nobody else. The custodian takes them and counts.', before: 'The output tray is empty, and no sheet of another custodian is open on the table.' },
      { id: 'hand.check', who: 'custodian', minutes: 1, each: 'custodian', text: 'Custodian {custodian} looks whether the right name, number, generations and copies are printed, whether anything is smudged, and whether page 2 is there.' },
      { id: 'hand.scan', who: 'custodian', minutes: 3, each: 'custodian', text: 'Custodian {custodian} scans the sheets again, from paper. The tool compares them with what it made, and says so by number; nothing of them is shown. At least {threshold} custodians do this.' },
      { id: 'hand.bag', who: 'custodian', minutes: 3, each: 'custodian', text: 'Custodian {custodian} puts each sheet into a bag of its own, writes the key id in words on it, seals it, signs over the seal, and reads the bag number aloud twice. The internal witness writes it down.', before: 'The bag is new and whole.', record: 'bag numbers' },
    ],
  },
  {
    title: 'The set is sealed',
    intro: 'From here on the set counts, or it does not.',
    steps: [
      { id: 'seal.scanned', who: 'tool', minutes: 1, text: 'The tool counts what came back from paper.', before: 'Of every generation, the sheets of at least {threshold} custodians and one whole envelope were read from paper and are what was made.' },
      { id: 'seal.cleared', who: 'tool', minutes: 1, text: 'The tool removes the files of the sheets.', before: 'Every sheet is in a bag, and every bag has its number in the record.' },
      { id: 'seal.printer', who: 'operator', minutes: 4, text: 'Clear the printer: print ten pages of text, switch it off, take the power away. Spoilt pages, the pages above and whatever lies in its tray are shredded. Do the same for the memory of the scanner.', record: 'pages shredded' },
    ],
  },
  {
    title: 'Closing',
    intro: 'The account of today ends here, in a digest that everybody takes home on paper.',
    steps: [
      { id: 'close.bags', who: 'internal witness', minutes: 3, text: 'Count the sealed bags, and compare each number with the record.', record: 'sealed bags' },
      { id: 'close.exceptions', who: 'administrator', minutes: 3, text: 'Read each exception sheet aloud. Exceptions are numbered; none is missing.', record: 'exceptions' },
      { id: 'close.declaration', who: 'everybody', minutes: 3, text: 'Each person says: I was present throughout; the script was followed except as noted; this is a true record. Whoever disagrees says why, and it is written down in their words.', record: '"all agree", or who does not and why' },
      { id: 'close.transcript', who: 'tool', minutes: 1, text: 'The tool ends the transcript and shows its SHA-256 in hex and in words. The operator reads the words, and everybody writes them on their copy of this script.' },
    ],
  },
  {
    title: 'Signatures and the end',
    intro: 'What happens now cannot stand in the transcript that is being signed; it stands on this page.',
    onPaper: true,
    steps: [
      { id: 'end.sign', who: 'everybody', minutes: 8, text: 'Administrator and witnesses sign the transcript with OpenPGP: a key file, a card, or gpg by hand. Those whom the rules name as signers sign each manifest too. The tool verifies every signature before it goes on. Then they sign the ceremony record with a pen.', before: 'The words on everybody\'s copy are the same.' },
      { id: 'end.copies', who: 'operator', minutes: 4, text: 'Write the custody folder, or the outbox, on two media and read both back. Print the ceremony record twice.', record: 'serial numbers of the media' },
      { id: 'end.power', who: 'operator', minutes: 5, text: 'Switch the machine off, take its power away, and wait a minute. Media that held sheets are destroyed before everybody; the machine goes into a bag.', record: 'bag number of the machine' },
      { id: 'end.paper', who: 'internal witness', minutes: 3, text: 'The official copy, the exception sheets, the record and one medium go into a bag. Devices are given back. Everybody leaves together.', record: 'bag number of the record' },
    ],
  },
] as const satisfies readonly ActDefinition[]

/** The acts, in order. */
export const ACTS: readonly ActDefinition[] = acts

type Steps = (typeof acts)[number]['steps'][number]

/** Steps in which the tool does more than ask: each has its own function in the conduct. */
export type ToolStep = Extract<Steps, { who: 'tool' }>['id'] | (typeof ASSISTED)[number]

/** Steps of people in which the tool looks at the answer or asks more than once. */
export const ASSISTED = ['room.people', 'room.script', 'machine.clock', 'keys.read', 'hand.release', 'hand.scan', 'hand.bag', 'close.bags', 'close.exceptions'] as const satisfies readonly Steps['id'][]

/** The rules of every ceremony, printed on the cover. */
export const HOUSE_RULES: readonly string[] = [
  'Every box is ticked, with initials and the time of the one clock. A step without a tick did not happen.',
  'Steps are done in their order. Nobody begins a step before its precondition is true.',
  'Anything else than what is written is an exception: it gets a numbered sheet with what was expected, what happened, what was decided and who decided it. The administrator decides; a witness may end the ceremony.',
  'Identifiers are read aloud in words or in a phonetic alphabet. Secrets are never read aloud, photographed or copied.',
  'Nobody leaves alone. In a break the record goes into a bag, all leave together, and are counted when they come back.',
  'Whoever is in doubt says so at once. Stopping costs an afternoon.',
]
