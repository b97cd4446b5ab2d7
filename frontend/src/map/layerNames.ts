/** The names of a vector tile's layers: field 3 of the tile, field 1 of a layer. Bytes that are no tile have none. */
export function layerNames(tile: Uint8Array): string[] {
  const names: string[] = []
  for (const { field, bytes } of fields(tile)) {
    if (field !== 3 || !bytes) continue
    for (const inner of fields(bytes)) {
      if (inner.field === 1 && inner.bytes) names.push(new TextDecoder().decode(inner.bytes))
    }
  }
  return names
}

interface Field {
  field: number
  /** Of length-delimited fields. */
  bytes: Uint8Array | null
}

/** The fields of a protobuf message, as far as it can be read. */
function* fields(message: Uint8Array): Generator<Field> {
  let at = 0
  const varint = (): number => {
    let value = 0
    let shift = 1
    while (at < message.length) {
      const byte = message[at++]!
      value += (byte & 127) * shift
      if (byte < 128) return value
      shift *= 128
    }
    return value
  }
  while (at < message.length) {
    const tag = varint()
    const field = Math.floor(tag / 8)
    switch (tag % 8) {
      case 0:
        varint()
        yield { field, bytes: null }
        break
      case 1:
        at += 8
        break
      case 2: {
        const length = varint()
        if (at + length > message.length) return
        yield { field, bytes: message.subarray(at, at + length) }
        at += length
        break
      }
      case 5:
        at += 4
        break
      default:
        return
    }
  }
}
