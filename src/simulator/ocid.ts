/** Names that OCI gives to things: OCIDs, region keys, access keys. Randomness is passed in. */

/** Gives `length` random bytes. */
export type Random = (length: number) => Uint8Array

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
const BASE62 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Random text over an alphabet of at most 256 letters; slightly uneven, which does not matter for a name. */
function randomText(random: Random, length: number, alphabet: string): string {
  return Array.from(random(length), (byte) => alphabet.charAt(byte % alphabet.length)).join('')
}

/**
 * Mints an OCID: `ocid1.<type>.oc1.<region>.<60 letters>`; the region is empty for what belongs to the whole tenancy.
 * Accepted by the pattern of the Python SDK (`oci.config`).
 */
export function mintOcid(random: Random, type: string, region = ''): string {
  return `ocid1.${type}.oc1.${region}.aaaaaaaa${randomText(random, 52, BASE32)}`
}

/** Random lower-case hex digits, as in SCIM ids and access keys. */
export function mintHex(random: Random, bytes: number): string {
  return Buffer.from(random(bytes)).toString('hex')
}

/** A generated password or token; holds upper and lower case, a digit and a special character. */
export function mintSecret(random: Random, length: number): string {
  return `${randomText(random, length - 4, BASE62)}aZ7#`
}

const REGION_KEYS: Readonly<Record<string, string>> = {
  'ap-mumbai-1': 'BOM',
  'ap-osaka-1': 'KIX',
  'ap-seoul-1': 'ICN',
  'ap-singapore-1': 'SIN',
  'ap-sydney-1': 'SYD',
  'ap-tokyo-1': 'NRT',
  'ca-toronto-1': 'YYZ',
  'eu-amsterdam-1': 'AMS',
  'eu-frankfurt-1': 'FRA',
  'eu-madrid-1': 'MAD',
  'eu-milan-1': 'LIN',
  'eu-paris-1': 'CDG',
  'eu-stockholm-1': 'ARN',
  'eu-zurich-1': 'ZRH',
  'sa-saopaulo-1': 'GRU',
  'uk-london-1': 'LHR',
  'us-ashburn-1': 'IAD',
  'us-chicago-1': 'ORD',
  'us-phoenix-1': 'PHX',
  'us-sanjose-1': 'SJC',
}

/** Three-letter key of a region; an invented region gets the first letters of its city. */
export function regionKey(region: string): string {
  return REGION_KEYS[region] ?? (region.split('-')[1] ?? region).slice(0, 3).toUpperCase()
}
