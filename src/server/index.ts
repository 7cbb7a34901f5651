export { type AppInput, buildApp } from './build-app.ts';
export type { ServerSettings, WebhookSettings } from './settings.ts';
