/** What the models say of the study at hand: beside the images, in words and numbers. */
import { button, element, fill, percent, shownDate } from '../dom.ts';
import type { ImageReading, Mark, ModelPicture, StudyReading } from '../findings/readings.ts';
import type { StudyImage } from '../images/study-image.ts';
import { colourOf } from '../room/heat-picture.ts';
import type { Room } from '../room/room.ts';
import type { OpenStudy } from '../studies/study-entry.ts';

/** What the panel can ask of the page. */
export interface PanelActions {
  /** Opens an exported model. */
  readonly openModel: () => void;
  /** Name and state of the model that is open; null without one. */
  readonly model: { readonly name: string; readonly state: string; readonly placePx: number | null } | null;
  readonly modelFault: string | null;
  readonly judge: () => void;
  readonly explain: () => void;
}

/** Draws the panel. */
export function findingsPanel(panel: HTMLElement, room: Room, study: OpenStudy, actions: PanelActions): void {
  const { reading } = room;
  fill(
    panel,
    patientPart(study),
    modelPart(actions),
    room.readings.length > 1 ? readingChoice(room) : null,
    reading ? readingPart(reading, room, study) : element('p', { class: 'empty' }, unreadText(study)),
    imagesPart(room, study),
    layingPart(room),
  );
}

const unreadText = ({ whole, entry }: OpenStudy): string =>
  whole ? 'Fetching what models say …' : entry.progress === null ? 'No model has read this study.' : `${entry.state} …`;

function patientPart({ entry, priorDate, faults }: OpenStudy): HTMLElement {
  return element(
    'section',
    { 'aria-label': 'Study' },
    element('h2', {}, entry.patientName || 'No name'),
    element(
      'p',
      { class: 'quiet' },
      [entry.patientId, shownDate(entry.date), entry.description].filter(Boolean).join(' · '),
    ),
    priorDate === null ? null : element('p', { class: 'quiet' }, `Prior of ${shownDate(priorDate)}`),
    ...faults.map((fault) => element('p', { class: 'fault' }, fault)),
  );
}

function modelPart({ openModel, model, modelFault, judge, explain }: PanelActions): HTMLElement {
  const what = model?.placePx ? 'Judge the middle of the view (J)' : 'Judge the images (J)';
  return element(
    'details',
    { class: 'local-model', open: model !== null || modelFault !== null },
    element('summary', {}, 'Model in this page'),
    model
      ? element('p', { class: 'quiet' }, `${model.name}: ${model.state}`)
      : element('p', { class: 'quiet' }, 'An ONNX file of "mammoscope export" runs here; nothing is sent anywhere.'),
    modelFault !== null && element('p', { class: 'fault' }, modelFault),
    model?.placePx
      ? element('p', { class: 'quiet' }, `It judges squares of ${model.placePx} pixels: double-click a place.`)
      : null,
    element(
      'p',
      { class: 'buttons' },
      button(model ? 'Another model' : 'Open a model', openModel),
      model && button(what, judge),
      model && button('Where it looked', explain),
    ),
  );
}

function readingChoice(room: Room): HTMLElement {
  const choice = element('select', {
    'aria-label': 'Model',
    onchange: () => room.choose(room.readings[choice.selectedIndex] ?? null),
  });
  for (const each of room.readings)
    choice.append(element('option', { selected: each === room.reading }, `${each.system}: ${versionOf(each)}`));
  return element('p', {}, choice);
}

function readingPart(reading: StudyReading, room: Room, study: OpenStudy): HTMLElement {
  const { system, decision, rule, calibration, warning, breasts, readings } = reading;
  const findings = reading.marks.filter(({ kind, isShown }) => kind === 'finding' && isShown);
  const below = reading.marks.filter(({ kind, isShown }) => kind === 'finding' && !isShown);
  const patches = reading.marks.filter(({ kind }) => kind === 'patch');
  return element(
    'section',
    { 'aria-label': 'Reading', class: 'reading' },
    element('h2', {}, system, element('span', { class: 'quiet' }, ` ${versionOf(reading)}`)),
    probabilityBar(reading),
    element('p', {}, `${decision}. ${cutoffText(reading)}`),
    rule === null ? null : element('p', {}, `Rule: ${rule}.`),
    element('p', { class: 'quiet' }, `${calibration.slice(0, 1).toUpperCase()}${calibration.slice(1)}.`),
    warning === null ? null : element('p', { class: 'fault' }, warning),
    ...breasts.map((breast) =>
      element(
        'p',
        {},
        [
          [`${breast.laterality} breast`, breast.views.length > 0 ? ` (${breast.views.join(', ')})` : '', ':'].join(''),
          breast.decision,
          percent(breast.probability),
        ]
          .filter(Boolean)
          .join(' '),
      ),
    ),
    element(
      'p',
      { class: 'buttons' },
      button(room.areMarksHidden ? 'Show marks (H)' : 'Hide marks (H)', () => room.hideMarks(), {
        'aria-pressed': room.areMarksHidden ? 'true' : 'false',
      }),
      button('Next finding (N)', () => room.nextFinding(1)),
    ),
    reading.heatMaps.length > 0 ? heatPart(reading, room) : null,
    element('h3', {}, `Findings (${findings.length})`),
    findings.length === 0 ? element('p', { class: 'empty' }, 'None above the cut-off.') : null,
    element('ol', { class: 'findings' }, ...findings.map((mark) => findingLine(mark, room, study))),
    below.length > 0
      ? button(`Not called positive (${below.length})`, () => room.showAll(), {
          'aria-pressed': room.isAllShown ? 'true' : 'false',
        })
      : null,
    room.isAllShown
      ? element('ol', { class: 'findings' }, ...below.map((mark) => findingLine(mark, room, study)))
      : null,
    patches.length > 0
      ? element(
          'details',
          { class: 'patches' },
          element('summary', {}, `Patches and attention (${patches.length})`),
          element('ol', { class: 'findings' }, ...patches.map((mark) => findingLine(mark, room, study))),
        )
      : null,
    ...readings.flatMap((each) => imageReadingPart(each, room, study)),
    ...reading.leftOut.map(({ instance, reason }) =>
      element('p', { class: 'quiet' }, `${titleOf(study, instance)}: not read, ${reason}`),
    ),
  );
}

/** A server's name of a run begins with its system. */
const versionOf = ({ system, model }: StudyReading): string =>
  model.startsWith(`${system}-`) ? model.slice(system.length + 1) : model;

function cutoffText({ cutoff, probability, rule }: StudyReading): string {
  if (cutoff === null)
    return rule === null ? `${percent(probability)}; there is no cut-off.` : `${percent(probability)}.`;
  return `${percent(probability)}, ${probability >= cutoff ? 'at or above' : 'below'} the cut-off of ${percent(cutoff)}.`;
}

/** The probability on a scale from 0 to 1 with the cut-off on it. */
function probabilityBar({ probability, cutoff }: StudyReading): HTMLElement {
  const bar = element('div', {
    class: 'probability',
    role: 'meter',
    'aria-label': 'probability',
    'aria-valuemin': 0,
    'aria-valuemax': 1,
    'aria-valuenow': probability.toFixed(3),
  });
  bar.style.setProperty('--probability', `${probability}`);
  if (cutoff !== null) {
    const tick = element('span', { class: 'cutoff', title: `cut-off ${percent(cutoff)}` });
    tick.style.setProperty('--cutoff', `${cutoff}`);
    bar.append(tick);
  }
  return bar;
}

/** One heat map at a time, how strong, and what its colours mean. */
function heatPart({ heatMaps }: StudyReading, room: Room): HTMLElement {
  const choice = element('select', {
    'aria-label': 'heat map',
    onchange: () => room.heat.choose(heatMaps[choice.selectedIndex - 1] ?? null),
  });
  choice.append(element('option', { selected: room.heat.choice === null }, 'No heat map'));
  for (const each of heatMaps) choice.append(element('option', { selected: each === room.heat.choice }, each.name));
  const legend = element('div', { class: 'heat-scale', role: 'img', 'aria-label': 'colours: lighter is stronger' });
  legend.style.background = `linear-gradient(to right, ${HEAT_STOPS}), #606060`;
  return element(
    'div',
    { class: 'heat-map' },
    choice,
    room.heat.choice && opacitySlider(room),
    room.heat.choice && legend,
    room.heat.choice &&
      element('p', { class: 'quiet scale-ends' }, element('span', {}, '0'), element('span', {}, 'its most')),
  );
}

const HEAT_STOPS = Array.from({ length: 9 }, (_, i) => {
  const [red, green, blue, alpha] = colourOf(i / 8);
  return `rgb(${red} ${green} ${blue} / ${alpha / 255})`;
}).join(', ');

function opacitySlider(room: Room): HTMLElement {
  const slider = element('input', {
    type: 'range',
    min: 0,
    max: 1,
    step: 0.05,
    value: room.heat.opacity,
    'aria-label': 'opacity of heat maps',
    oninput: () => room.heat.setOpacity(slider.valueAsNumber),
  });
  return element('label', { class: 'opacity' }, 'Opacity (O)', slider);
}

const imageOf = ({ images, priorImages }: OpenStudy, instance: string): StudyImage | undefined =>
  [...images, ...priorImages].find(({ facts }) => facts.instance === instance);

const titleOf = (study: OpenStudy, instance: string): string => imageOf(study, instance)?.title ?? 'another image';

/** Whether to speak of slices: a mammogram has none. */
const hasSlices = (study: OpenStudy, instance: string): boolean => (imageOf(study, instance)?.facts.frames ?? 2) > 1;

function findingLine(mark: Mark, room: Room, study: OpenStudy): HTMLElement {
  const slice = mark.frame === null || !hasSlices(study, mark.instance) ? '' : `, slice ${mark.frame + 1}`;
  const number = mark.kind === 'patch' ? `α ${(mark.attention ?? 0).toFixed(2)}` : percent(mark.probability);
  return element(
    'li',
    {},
    button(`${mark.label} ${number}`, () => room.goTo(mark)),
    element('span', { class: 'quiet' }, ` ${titleOf(study, mark.instance)}${slice}`),
  );
}

function imageReadingPart(reading: ImageReading, room: Room, study: OpenStudy): readonly HTMLElement[] {
  const { instances, lesion, probability, decision, focusSlices, votes, pictures } = reading;
  const where = [lesion === null ? '' : `lesion ${lesion}`, ...instances.map((each) => titleOf(study, each))].filter(
    Boolean,
  );
  const focus = focusSlices.flatMap((frame, i) => {
    const instance = instances[i];
    return frame === null || !instance || !hasSlices(study, instance) ? [] : [{ frame, instance }];
  });
  const isFlat = !instances.some((each) => hasSlices(study, each));
  return [
    element(
      'details',
      { class: 'image-reading' },
      element(
        'summary',
        { 'data-probability': probability },
        `${where.join(', ')}: ${percent(probability)} ${decision}`,
      ),
      ...focus.map(({ frame, instance }) => button(`Focus slice ${frame + 1}`, () => room.showSlice(instance, frame))),
      votes.length > 0 ? votesTable(reading) : null,
      element(
        'div',
        { class: 'pictures' },
        ...pictures.map((picture) => pictureButton(isFlat ? { ...picture, frame: null } : picture)),
      ),
    ),
  ];
}

/** Of the columns those that say anything. */
function votesTable({ votes }: ImageReading): HTMLElement {
  const [hasCutoffs, hasVotes] = [votes.some(({ cutoff }) => cutoff !== null), votes.some(({ decision }) => decision)];
  const rows = votes.map(({ name, probability, decision, cutoff }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, name),
      element('td', { class: 'number' }, percent(probability)),
      hasCutoffs && element('td', { class: 'number' }, cutoff === null ? '–' : percent(cutoff)),
      hasVotes && element('td', {}, decision),
    ),
  );
  const head = ['Member', 'Score', hasCutoffs && 'Cut-off', hasVotes && 'Vote']
    .filter((text) => text !== false)
    .map((text) => element('th', { scope: 'col', class: /Score|Cut/.test(text) ? 'number' : undefined }, text));
  return element(
    'table',
    { class: 'votes' },
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, ...rows),
  );
}

function pictureButton({ title, address, frame }: ModelPicture): HTMLElement {
  const text = frame === null ? title : `${title}, slice ${frame + 1}`;
  const show = () => {
    const dialog = element('dialog', { class: 'picture', 'aria-label': text, onclose: () => dialog.remove() });
    fill(
      dialog,
      element('h2', {}, text),
      element('img', { src: address, alt: text }),
      button('Close', () => dialog.close()),
    );
    document.body.append(dialog);
    dialog.showModal();
  };
  const small = element('button', { type: 'button', onclick: show, class: 'picture' });
  small.append(element('img', { src: address, alt: '', loading: 'lazy' }), element('span', {}, text));
  return small;
}

/** All images by name, those too that are in none of the four views. */
function imagesPart(room: Room, { images, priorImages }: OpenStudy): HTMLElement {
  const line = (image: StudyImage, isPrior: boolean) =>
    element(
      'li',
      {},
      button(`${isPrior ? 'Prior: ' : ''}${image.title}`, () => room.showHere(image)),
      image.laying?.unhung === undefined
        ? null
        : element('span', { class: 'fault' }, ` not hung: ${image.laying.unhung}`),
    );
  return element(
    'details',
    { class: 'images' },
    element('summary', {}, `Images (${images.length + priorImages.length})`),
    element('ul', {}, ...images.map((image) => line(image, false)), ...priorImages.map((image) => line(image, true))),
  );
}

/** Why the image at hand hangs as it does. */
function layingPart({ active }: Room): HTMLElement | null {
  const laying = active?.laying;
  if (!laying) return null;
  const rows = laying.decisions.flatMap(({ step, choice, reason }) => [
    element('dt', {}, step),
    element('dd', {}, `${choice}: ${reason}`),
  ]);
  return element(
    'details',
    { class: 'laying' },
    element('summary', {}, 'Why it hangs like this'),
    element('dl', {}, element('dt', {}, 'scale'), element('dd', {}, laying.spacingReason), ...rows),
  );
}
