/** How large a CSS pixel is on this screen, which no browser says: measured with a card of ISO 7810 ID-1, 85.6 mm wide. */
import { button, element } from '../dom.ts';

const KEY = 'mmOfCssPixel';
/** What CSS takes for a pixel: 1/96 inch. */
const NOMINAL_MM = 25.4 / 96;
const CARD_MM = 85.6;

/** mm of a CSS pixel: as measured on this screen, else the nominal one. */
export function mmOfCssPixel(): number {
  const stored = Number(localStorage.getItem(KEY));
  return stored > 0.02 && stored < 1 ? stored : NOMINAL_MM;
}

/** Asks the user to hold a card to the screen. */
export function measureScreen(done: () => void): void {
  const bar = element('div', { class: 'card' }, '85.6 mm: width of a bank card');
  const width = () => {
    bar.style.width = `${slider.valueAsNumber}px`;
  };
  const slider = element('input', {
    type: 'range',
    min: 120,
    max: 900,
    step: 1,
    value: Math.round(CARD_MM / mmOfCssPixel()),
    'aria-label': 'width of the bar in pixels',
    oninput: width,
  });
  const close = () => dialog.close();
  const keep = () => {
    localStorage.setItem(KEY, `${CARD_MM / slider.valueAsNumber}`);
    close();
    done();
  };
  const dialog = element(
    'dialog',
    { class: 'screen-size', 'aria-label': 'Size of this screen', onclose: () => dialog.remove() },
    element('h2', {}, 'Size of this screen'),
    element('p', {}, 'Hold a bank card to the bar and move the slider until both are as wide. True size then is true.'),
    bar,
    slider,
    element('p', { class: 'buttons' }, button('Keep', keep), button('Cancel', close)),
  );
  document.body.append(dialog);
  width();
  dialog.showModal();
}
