export { type AppInput, buildApp } from './build-app.ts';
export type { ServerSettings } from './settings.ts';
