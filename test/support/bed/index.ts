export { type AptConfiguration, aptConfiguration } from './apt.ts';
export type { CommandResult } from './command.ts';
export {
  type Container,
  type ContainerOptions,
  type ExecOptions,
  type Mount,
  type RunOptions,
  type SpawnOptions,
  startContainer,
} from './container.ts';
export { ensureImage } from './images.ts';
export { createNetwork, type Network } from './network.ts';
export { bedPackages, ensureDebianPackages } from './packages.ts';
export { podman } from './podman.ts';
export {
  databaseImage,
  type ImageRecipe,
  nameServerImage,
  proxyImage,
  registryImage,
  standInImage,
  vendorImage,
} from './recipes.ts';
