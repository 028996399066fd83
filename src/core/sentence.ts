/**
 * Text of others in our sentences: long inputs are not echoed whole, and what steers a terminal is shown, not sent.
 */

/** Characters of one message. */
export const LONGEST = 400;
/** Of the text between two quotes, and of a word, beyond which its middle is left out. */
const LONGEST_QUOTE = 80;

// Controls (C0, C1, DEL), line and paragraph separators, and what turns the direction of a line.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const STEERING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** The text with every character that steers a terminal as its escape, which JSON reads as that character; lines and tabs stay. */
export function plainText(text: string): string {
  return text.replace(STEERING, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** One line of at most 400 characters: long quotes and words lose their middle first, then the sentence its own. */
export function shortSentence(message: string): string {
  // A message of a megabyte need not be searched for words.
  const held = message.length > 20_000 ? message.slice(0, 12_000) + message.slice(-8_000) : message;
  const line = plainText(held.replace(/[\r\n\t]+/g, ' '));
  if (line.length <= LONGEST) return line;
  const words = line.replace(/[^\s"]{81,}/g, (word) => elided(word, LONGEST_QUOTE));
  const quotes =
    words.length <= LONGEST
      ? words
      : words.replace(/"[^"]{81,}"/g, (q) => `"${elided(q.slice(1, -1), LONGEST_QUOTE)}"`);
  return elided(quotes, LONGEST);
}

/** Beginning and end of a text, a little less of the end, which holds the remedy. */
export function elided(text: string, length: number): string {
  if (text.length <= length) return text;
  const tail = Math.floor(0.4 * (length - 5));
  return `${text.slice(0, length - 5 - tail)} ... ${text.slice(text.length - tail)}`;
}
