import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { outputOf, runCommand } from '../../support/bed/command.ts';

/** The SDK's C# compiler, which has the messages and warnings of Microsoft's own. */
export interface Csc {
  argv: string[];
  /** Folder of the SDK's own runtime. */
  runtime: string;
}

/** The compiler of the .NET SDK; undefined where there is no SDK. */
export async function findCsc(): Promise<Csc | undefined> {
  const sdks = await runCommand(['dotnet', '--list-sdks']).catch(() => undefined);
  const [, version, folder] = /(\S+) \[(.*)\]\s*$/.exec(sdks?.stdout ?? '') ?? [];
  if (version === undefined || folder === undefined) return undefined;
  const runtime = globSync(join(folder, '../shared/Microsoft.NETCore.App/*')).sort().at(-1);
  if (runtime === undefined) return undefined;
  const compiler = join(folder, version, 'Roslyn/bincore/csc.dll');
  const options = [
    '-nologo',
    '-noconfig',
    '-nostdlib',
    '-langversion:5',
    '-warnaserror',
    '-warn:4',
  ];
  return { argv: ['dotnet', compiler, ...options], runtime };
}

const PACKAGE = 'Microsoft.NETFramework.ReferenceAssemblies.net45';
const VERSION = '1.0.2';

/** Nothing is compiled by it: it only names the package. */
const PROJECT = `<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>net45</TargetFramework>
    <AutomaticallyUseReferenceAssemblyPackages>false</AutomaticallyUseReferenceAssemblyPackages>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="${PACKAGE}" Version="${VERSION}" />
  </ItemGroup>
</Project>
`;

/**
 * Brings the reference assemblies of the .NET Framework 4.5 into a folder of the caller's; gives
 * where they are, or undefined where they cannot be had.
 */
export async function netFramework45(folder: string): Promise<string | undefined> {
  const project = join(folder, 'net45');
  mkdirSync(project);
  writeFileSync(join(project, 'net45.csproj'), PROJECT);
  const packages = join(project, 'packages');
  const restore = ['dotnet', 'restore', project, '--packages', packages];
  try {
    await outputOf(restore, { timeoutMs: 90_000 });
  } catch {
    return undefined;
  }
  return join(packages, PACKAGE.toLowerCase(), VERSION, 'build/.NETFramework/v4.5');
}
