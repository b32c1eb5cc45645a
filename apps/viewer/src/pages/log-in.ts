/** Asks for the token of a server that wants one. */
import { element } from '../dom.ts';

/** The form; `enter` throws the server's sentence where the token is wrong. */
export function logInPage(enter: (token: string) => Promise<void>): HTMLElement {
  const field = element('input', { type: 'password', name: 'token', autocomplete: 'current-password', required: true });
  const fault = element('p', { class: 'fault', role: 'alert' });
  const submit = (event: Event) => {
    event.preventDefault();
    enter(field.value).catch((error: Error) => {
      fault.textContent = error.message;
    });
  };
  return element(
    'form',
    { class: 'work-list', onsubmit: submit },
    element('h1', {}, 'Token'),
    element('p', {}, element('label', {}, 'Your token ', field)),
    fault,
    element('p', {}, element('button', { type: 'submit' }, 'Enter')),
    element('p', { class: 'quiet' }, 'Files of your own can be dropped here without one; they stay on this machine.'),
  );
}
