#!/usr/bin/env python3
"""The passphrase of a glasskey envelope, from the texts on enough sheets. Needs Python 3 and nothing else.

    zbarimg --quiet --raw page-*.png | python3 recover.py --envelope envelope.pgp

Reads one text a line, in any order: shares (GK1..., GKR1...; spaces and case do not matter) and envelope codes
(GKE1/...). A sealed share (GKS1/...) must be opened with gpg first. Prints the passphrase: it is secret. What the texts mean: docs/format.md, sections 3, 4 and 6.
"""
import base64
import re
import sys

ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
SHARE = re.compile('(gkr?)1([%s]+)' % ALPHABET)
CODE = re.compile('GKE1/([0-9A-F]{16})/([0-9]{1,2})/([0-9]{1,2})/([A-Z2-7]+)')


def payload(text, where):
    """The 45 bytes of a share. Bech32m (BIP 350): every error of up to 4 characters is found."""
    found = SHARE.fullmatch(text.lower()) or sys.exit('%s: neither a share nor an envelope code' % where)
    symbols, checksum = [ALPHABET.index(character) for character in found[2]], 1
    for value in [ord(c) >> 5 for c in found[1]] + [0] + [ord(c) & 31 for c in found[1]] + symbols:
        top, checksum = checksum >> 25, (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            checksum ^= generator if top >> bit & 1 else 0
    if checksum != 0x2BC830A3 or len(symbols) != 78:
        sys.exit('%s: misread: the checksum or the length is wrong; compare with the paper' % where)
    data = sum(symbol << 5 * place for place, symbol in enumerate(reversed(symbols[:72]))).to_bytes(45, 'big')
    return data if data[0] == 1 else sys.exit('%s: format version %d; this script reads version 1' % (where, data[0]))


def times(a, b):
    """Product in GF(2^8), modulo x^8 + x^4 + x^3 + x + 1."""
    product = 0
    while b:
        product, a, b = product ^ (a if b & 1 else 0), a << 1 ^ (0x11B if a & 0x80 else 0), b >> 1
    return product


def value_at(x, points):
    """Lagrange interpolation of each of the 32 bytes. The secret is the value at 0."""
    value = bytes(32)
    for xi, y in points.items():
        weight = 1
        for xj in points.keys() - {xi}:
            weight = times(weight, x ^ xj)
            for _ in range(254):  # b^254 = 1/b
                weight = times(weight, xi ^ xj)
        value = bytes(before ^ times(weight, byte) for before, byte in zip(value, y))
    return value


def main():
    out = sys.argv[2] if len(sys.argv) == 3 and sys.argv[1] == '--envelope' else None
    if out is None and len(sys.argv) > 1:
        sys.exit('usage: recover.py [--envelope OUT] < texts')
    sets, codes = {}, {}
    for number, line in enumerate(sys.stdin, 1):
        text = re.sub(r'^QR-Code:|[\s-]', '', line.strip())
        code = CODE.fullmatch(text.upper())
        if code:
            key, part = code[1].lower(), (int(code[2]), int(code[3]))
            if codes.setdefault((key, part), code[4]) != code[4]:
                sys.exit('line %d: two sheets disagree about part %d of the envelope of key %s' % (number, part[0], key))
        elif text and not re.match('GK(P|SR?)1/', text.upper()):
            data = payload(text, 'line %d' % number)
            key, threshold, x, y = data[1:9].hex(), data[9], data[44], data[12:44]
            points = sets.setdefault((key, threshold, data[10]), {})
            if x == 0 or points.setdefault(x, y) != y:
                sys.exit('line %d: the sheet of custodian %d is forged' % (number, data[11]))
    if len(sets) != 1:
        named = ', '.join(sorted('%s (%d of %d)' % name for name in sets))
        sys.exit('the sheets are of different sets: ' + named if sets else 'no share was given')
    (key, threshold, _), points = sets.popitem()
    if len(points) < threshold:
        sys.exit('%d of %d shares of key %s; %d more needed' % (len(points), threshold, key, threshold - len(points)))
    quorum = dict(list(points.items())[:threshold])
    if any(value_at(x, quorum) != y for x, y in points.items()):
        sys.exit('the shares do not lie on one polynomial: at least one is forged')
    if out is not None:
        slices = {part: text for (owner, part), text in codes.items() if owner == key}
        total = max((parts for _, parts in slices), default=1)
        missing = [part for part in range(1, total + 1) if (part, total) not in slices]
        if missing or len(slices) != total:
            sys.exit('of the envelope of key %s, part %s of %d was not read' % (key, ', '.join(map(str, missing)) or '?', total))
        joined = ''.join(slices[part, total] for part in range(1, total + 1))
        try:
            with open(out, 'xb') as envelope:
                envelope.write(base64.b32decode(joined + '=' * (-len(joined) % 8)))
        except FileExistsError:
            sys.exit('%s exists already; nothing was overwritten' % out)
        print('Envelope written. Give the passphrase below to: gpg --decrypt ' + out, file=sys.stderr)
    print(value_at(0, quorum).hex())


if __name__ == '__main__':
    main()
