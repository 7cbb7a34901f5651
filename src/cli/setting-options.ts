import type { Command } from 'commander';
import { SETTINGS, type Setting, type SettingName } from '../settings.ts';

/** Gives a command the flags of its settings, and names their variables and defaults in its help. */
export function addSettings(command: Command, names: readonly SettingName[]): Command {
  const variablesOnly: string[] = [];
  for (const name of names) {
    const setting: Setting<unknown> = SETTINGS[name];
    if (setting.flag === undefined) {
      variablesOnly.push(`  ${setting.variable}  ${setting.description}${defaultOf(setting)}`);
    } else {
      command.option(
        setting.flag,
        `${setting.description} (${setting.variable}${defaultOf(setting, '; ')})`,
      );
    }
  }
  if (variablesOnly.length > 0) {
    command.addHelpText('after', `\nEnvironment only:\n${variablesOnly.join('\n')}`);
  }
  return command;
}

function defaultOf({ fallback }: Setting<unknown>, before = '; '): string {
  return fallback === undefined || fallback === '' ? '' : `${before}default ${fallback}`;
}
