import { Problem } from '../../domain/problem.ts';
import type { Platform } from '../../render/index.ts';
import type { Services } from '../services.ts';
import { findServed } from './find-served.ts';
import type { Script } from './script.ts';

/** The installer that a slot serves now. Throws the problems of `findServed`, or why there is none. */
export async function findScript(
  services: Services,
  platform: Platform,
  tunnelId: string,
  slot: number,
): Promise<Script> {
  const { scripts } = await findServed(services, tunnelId, slot);
  const script = scripts[platform];
  if (script instanceof Problem) throw script;
  return script;
}
