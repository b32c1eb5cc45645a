/** Lengths of protocol data units, looked at before a byte of them is kept (PS3.8 section 9.3.1): six bytes of each say what it is and how long. */

const HEADER_BYTES = 6;
/** A-ASSOCIATE-RQ to A-ABORT. */
const [FIRST_TYPE, LAST_TYPE] = [1, 7];
/** More than any sender is told that it may send at once (PS3.8 D.1), and than a request for an association has. */
const PDU_BYTES = 2 ** 20;

/** Looks at the pieces of one connection; the sentence of the first unit that cannot be taken, and undefined before. */
export function pduLengths(): (piece: Buffer) => string | undefined {
  let header = Buffer.alloc(0);
  let left = 0;
  return (piece) => {
    for (let at = 0; at < piece.length; ) {
      if (left > 0) {
        const passed = Math.min(left, piece.length - at);
        left -= passed;
        at += passed;
        continue;
      }
      const part = piece.subarray(at, at + HEADER_BYTES - header.length);
      header = Buffer.concat([header, part]);
      at += part.length;
      if (header.length < HEADER_BYTES) return undefined;
      const [type = 0] = header;
      left = header.readUInt32BE(2);
      header = Buffer.alloc(0);
      if (type < FIRST_TYPE || type > LAST_TYPE) return `what came is no DICOM: a unit of type ${type}`;
      if (left > PDU_BYTES) return `a unit of ${left} bytes was announced, and ${PDU_BYTES} are accepted`;
    }
    return undefined;
  };
}
