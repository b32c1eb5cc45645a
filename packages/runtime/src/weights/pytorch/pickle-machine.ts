import { WeightsError } from '../errors.ts';
import {
  call,
  isGlobalName,
  PickledGlobal,
  type PickledStorage,
  type PickleValue,
  storageOf,
} from './pickled-values.ts';

/** Entries of the stack; Python puts at most a thousand pairs on it at a time. */
const DEPTH_LIMIT = 10_000;

const MARK = Symbol('mark');
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** What the instructions of a pickle act on: its bytes, a stack, and a memory of values. Errors name the file. */
export class PickleMachine {
  readonly storages = new Map<string, PickledStorage>();
  /** Where the next instruction is. */
  at: number;
  /** Instructions done, and elements of the lists that calls were given. */
  work = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #file: string;
  readonly #stack: (PickleValue | typeof MARK)[] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(bytes: Uint8Array, start: number, file: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = start;
    this.#file = file;
  }

  // Operands

  take(length: number): Uint8Array {
    const end = this.at + length;
    if (end > this.#bytes.length) throw this.malformed('its pickle is cut short');
    const taken = this.#bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }

  uint8(): number {
    return this.take(1)[0] as number;
  }

  uint16(): number {
    return this.#view.getUint16(this.#skip(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#skip(4), true);
  }

  float64(): number {
    return this.#view.getFloat64(this.#skip(8)); // the only one that is big-endian
  }

  /** A whole number of any length, little-endian, two's complement; bigint where a double is not exact. */
  integer(length: number): number | bigint {
    let value = 0n;
    for (const byte of this.take(length).toReversed()) value = (value << 8n) | BigInt(byte);
    const signed = BigInt.asIntN(8 * length, value);
    return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
  }

  text(length: number): string {
    return decoder.decode(this.take(length));
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.at);
    const line = this.text((end < 0 ? this.#bytes.length : end) - this.at);
    this.take(1);
    return line;
  }

  // Stack and memory

  push(value: PickleValue): void {
    this.#stack.push(value);
    this.#limitDepth();
  }

  pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined || value === MARK) throw this.malformed('its pickle takes a value that is not there');
    return value;
  }

  /** Takes a value or a mark away. */
  drop(): void {
    this.#stack.pop();
  }

  mark(): void {
    this.#stack.push(MARK);
    this.#limitDepth();
  }

  /** The values above the last mark, which goes with them. */
  popToMark(): PickleValue[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw this.malformed('its pickle goes back to a mark that it never set');
    const values = this.#stack.splice(mark) as PickleValue[];
    values.shift();
    return values;
  }

  remember(index = this.#memo.size): void {
    this.#memo.set(index, this.#top());
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.malformed(`its pickle recalls value ${index}, which it never stored`);
    this.push(value);
  }

  // Values

  append(items: readonly PickleValue[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw this.malformed('its pickle appends to something that is no list');
    for (const item of items) list.push(item);
  }

  setItems(items: readonly PickleValue[]): void {
    const dict = this.#top();
    if (!(dict instanceof Map) || items.length % 2 !== 0)
      throw this.malformed('its pickle sets items of something that is no dictionary');
    for (let i = 0; i < items.length; i += 2) dict.set(items[i] as PickleValue, items[i + 1] as PickleValue);
  }

  global(module: PickleValue, name: PickleValue): void {
    if (typeof module !== 'string' || typeof name !== 'string') this.refuse('asks for a name that is no text');
    const full = `${module}.${name}`.slice(0, 200);
    if (isGlobalName(full)) this.push(new PickledGlobal(full));
    else this.refuse(`asks for ${full}, which is not part of a state dict`);
  }

  reduce(): void {
    const [args, callee] = [this.pop(), this.pop()];
    if (Array.isArray(args)) for (const arg of args) this.work += Array.isArray(arg) ? arg.length : 0;
    const name = callee instanceof PickledGlobal ? callee.name : 'a value that is no function';
    this.push(call(callee, args) ?? this.refuse(`calls ${name} with arguments that it does not take`));
  }

  /** Sets attributes; an OrderedDict of torch has one, the versions of its modules, which nothing here needs. */
  build(): void {
    this.pop();
    if (!(this.#top() instanceof Map)) this.refuse('sets attributes of something that is no dictionary');
  }

  storage(): void {
    const storage = storageOf(this.pop()) ?? this.refuse('refers to something outside it that is no storage');
    this.storages.set(storage.key, storage);
    this.push(storage);
  }

  // Refusals

  malformed(what: string): WeightsError {
    return new WeightsError(
      'pytorch-malformed',
      `${this.#file} is no whole file of torch.save: ${what}; copy or download it again`,
    );
  }

  refuse(what: string): never {
    throw new WeightsError(
      'pytorch-unsupported',
      `${this.#file}: its pickle ${what}; nothing of it was run: save only the weights, torch.save(model.state_dict(), ...)`,
    );
  }

  #top(): PickleValue {
    const value = this.pop();
    this.#stack.push(value);
    return value;
  }

  #limitDepth(): void {
    if (this.#stack.length > DEPTH_LIMIT)
      throw this.malformed(`its pickle nests more than ${DEPTH_LIMIT} values, a state dict nests a few`);
  }

  /** Takes bytes and tells where they were. */
  #skip(length: number): number {
    this.take(length);
    return this.at - length;
  }
}
