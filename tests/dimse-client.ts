/** A C-STORE sender made byte by byte, which may stop or lie anywhere (PS3.8 section 9.3, PS3.7 section 9.3.1). */
import { connect, type Socket } from 'node:net';

const ASSOCIATE_REQUEST = 1;
export const ASSOCIATE_ACCEPT = 2;
export const ASSOCIATE_REJECT = 3;
const DATA = 4;
/** Mammograms for presentation, uncompressed. */
const MAMMOGRAM = '1.2.840.10008.5.1.4.1.1.1.2';
const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const CONTEXT = 1;

/** A protocol data unit. */
function unit(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt8(type);
  head.writeUInt32BE(body.length, 2);
  return Buffer.concat([head, body]);
}

function item(type: number, body: Buffer | string): Buffer {
  const bytes = Buffer.from(body);
  const head = Buffer.alloc(4);
  head.writeUInt8(type);
  head.writeUInt16BE(bytes.length, 2);
  return Buffer.concat([head, bytes]);
}

const title = (name: string) => Buffer.from(name.padEnd(16));

/** A-ASSOCIATE-RQ for mammograms. */
export function associationRequest(called: string, calling: string): Buffer {
  const version = Buffer.from([0, 1, 0, 0]);
  const context = item(
    0x20,
    Buffer.concat([Buffer.from([CONTEXT, 0, 0, 0]), item(0x30, MAMMOGRAM), item(0x40, EXPLICIT_LITTLE_ENDIAN)]),
  );
  const user = item(0x50, Buffer.concat([item(0x51, Buffer.from([0, 0, 0x40, 0])), item(0x52, '1.2.3')]));
  const body = [version, title(called), title(calling), Buffer.alloc(32), item(0x10, '1.2.840.10008.3.1.1.1')];
  return unit(ASSOCIATE_REQUEST, Buffer.concat([...body, context, user]));
}

/** P-DATA-TF with one fragment. */
const fragment = (control: number, bytes: Buffer) => {
  const head = Buffer.alloc(6);
  head.writeUInt32BE(bytes.length + 2);
  head.writeUInt8(CONTEXT, 4);
  head.writeUInt8(control, 5);
  return unit(DATA, Buffer.concat([head, bytes]));
};

/** An element of a command set, which is Implicit VR Little Endian. */
function commandElement(element: number, value: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(element, 2);
  head.writeUInt32LE(value.length, 4);
  return Buffer.concat([head, value]);
}

const number = (value: number) => Buffer.from([value & 255, value >> 8]);
const uid = (text: string) => Buffer.from(text.length % 2 === 0 ? text : `${text}\0`);

/** C-STORE-RQ of a mammogram, without its data set. */
export function storeCommand(instance: string): Buffer {
  const elements = [
    commandElement(0x0002, uid(MAMMOGRAM)),
    commandElement(0x0100, number(0x0001)),
    commandElement(0x0110, number(1)),
    commandElement(0x0700, number(0)),
    commandElement(0x0800, number(1)), // a data set follows
    commandElement(0x1000, uid(instance)),
  ];
  const body = Buffer.concat(elements);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return fragment(3, Buffer.concat([commandElement(0x0000, length), body]));
}

/** Part of a data set, the last or not. */
export const dataFragment = (bytes: Buffer, isLast: boolean): Buffer => fragment(isLast ? 2 : 0, bytes);

/** A connection that does what it is told. */
export interface RawClient {
  readonly socket: Socket;
  readonly send: (bytes: Buffer) => void;
  /** The first byte of what comes next; undefined once the connection has ended. */
  readonly answer: () => Promise<number | undefined>;
  /** Cuts the line without a word. */
  readonly reset: () => void;
  readonly ended: Promise<void>;
}

/** Connects to a port of this machine. */
export function rawClient(port: number): RawClient {
  const socket = connect(port, '127.0.0.1').setNoDelay(true); // what is sent leaves before the line is cut
  socket.on('error', () => undefined); // it is cut off on purpose
  socket.resume(); // what nobody waits for would keep it from closing
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return {
    ...{ socket, ended },
    send: (bytes) => socket.write(bytes),
    answer: () =>
      Promise.race([
        new Promise<number | undefined>((resolve) => socket.once('data', (piece: Buffer) => resolve(piece[0]))),
        ended.then(() => undefined),
      ]),
    reset: () => socket.resetAndDestroy(),
  };
}
