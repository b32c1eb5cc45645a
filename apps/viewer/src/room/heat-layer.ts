/** The heat map that lies over the images: one at a time, read when it is chosen. */
import type { HeatMap, HeatMapChoice, StudyReading } from '../findings/readings.ts';

export class HeatLayer {
  readonly #changed: () => void;
  readonly #say: (sentence: string) => void;
  /** 0 to 1. */
  opacity = 0.5;
  /** Null for none. */
  choice: HeatMapChoice | null = null;
  /** Of the choice; none until they are read. */
  maps: readonly HeatMap[] = [];

  constructor(changed: () => void, say: (sentence: string) => void) {
    this.#changed = changed;
    this.#say = say;
  }

  /** Lays a map over the images once it is read, and takes away the one before. */
  choose(choice: HeatMapChoice | null): void {
    this.choice = choice;
    this.maps = [];
    this.#changed();
    choice?.read().then(
      (maps) => {
        if (choice !== this.choice) return;
        this.maps = maps;
        this.#changed();
      },
      (error: Error) => choice === this.choice && this.#say(`${choice.name} cannot be shown: ${error.message}`),
    );
  }

  /** The next of a reading's maps, and none after the last. */
  next(choices: readonly HeatMapChoice[]): void {
    if (choices.length === 0) {
      this.#say('There are no heat maps.');
      return;
    }
    this.choose(choices[this.choice ? choices.indexOf(this.choice) + 1 : 0] ?? null);
    this.#say(this.choice?.name ?? 'No heat map');
  }

  /** A reading came in the place of its earlier self: the choice stays, and maps that were asked for and came are shown. */
  follow(before: StudyReading, after: StudyReading): void {
    const [first = null] = before.heatMaps.length === 0 ? after.heatMaps : [];
    this.choose(after.heatMaps.find(({ name }) => name === this.choice?.name) ?? first);
  }

  setOpacity(opacity: number): void {
    this.opacity = Math.min(1, Math.max(0, opacity));
    this.#changed();
  }
}
