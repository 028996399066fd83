/** One line on stderr that rewrites itself; nothing at all where stderr is no terminal. */
export interface ProgressLine {
  say(text: string): void;
  end(): void;
}

export function progressLine(stream: NodeJS.WriteStream = process.stderr): ProgressLine {
  if (!stream.isTTY) return { say: () => undefined, end: () => undefined };
  return {
    say: (text) => void stream.write(`\r\u001b[2K${text.slice(0, (stream.columns ?? 80) - 1)}`),
    end: () => void stream.write('\r\u001b[2K'),
  };
}
