/** The kinds of host that an installer can be rendered for; each names its template. */
export const PLATFORMS = ['linux', 'windows'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** What a platform's installer is called: the output of its template. */
export const INSTALLER_FILE: Readonly<Record<Platform, string>> = {
  linux: 'install.sh',
  windows: 'install.ps1',
};
