/**
 * Checks that no object of a JSON text names a key twice, which JSON.parse lets pass (RFC 8259, section 4: names should be
 * unique). SyntaxError names the first that does. The text must have gone through JSON.parse already.
 */
export function uniqueKeys(text: string): void {
  const open: (Set<string> | null)[] = []; // one an open bracket, null for arrays
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '{') open.push(new Set());
    else if (character === '[') open.push(null);
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const start = i;
      for (i++; text[i] !== '"'; i++) if (text[i] === '\\') i++;
      const keys = open.at(-1);
      if (!keys || !isFollowedByColon(text, i + 1)) continue;
      const key = JSON.parse(text.slice(start, i + 1)) as string;
      if (keys.has(key)) throw new SyntaxError(`it names "${key}" twice`);
      keys.add(key);
    }
  }
}

function isFollowedByColon(text: string, from: number): boolean {
  let i = from;
  while (/^[ \t\n\r]$/.test(text[i] ?? '')) i++;
  return text[i] === ':';
}
