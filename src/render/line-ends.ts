import type { Language } from './quoting/index.ts';

/** Text as a file of that language holds it: Windows' editors and reviewers expect their own ends. */
export function withLineEnds(language: Language, text: string): string {
  return language === 'powershell' ? text.replaceAll('\n', '\r\n') : text;
}

/**
 * A whole script as it is to end. PowerShell runs one that lacks no more than its last line end, so
 * there is none: whatever is cut off, the block that the script is stays open.
 */
export function endScript(language: Language, text: string): string {
  return language === 'powershell' ? text.replace(/\n$/, '') : text;
}
