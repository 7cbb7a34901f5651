import type { Language } from './quoting/index.ts';

/** Text as a file of that language holds it: Windows' editors and reviewers expect their own ends. */
export function withLineEnds(language: Language, text: string): string {
  return language === 'powershell' ? text.replaceAll('\n', '\r\n') : text;
}
