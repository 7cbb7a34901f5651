/** A rendered file under review. */
export interface Sample {
  /** Below dist-scripts. */
  path: string;
  /** The template that it shows. */
  template: string;
  text: string;
}

/** What one template gave to a sample. */
export interface Part {
  template: string;
  text: string;
  /** The line of the sample that it begins with, from 1. */
  line: number;
}

const PLANS: Record<string, string> = {
  'install.sh': 'linux-plan',
  'install.ps1': 'windows-plan',
};

/** A sample by the templates that made it: ACTIONS.md also holds the plan of each installer. */
export function partsOf({ template, text }: Pick<Sample, 'template' | 'text'>): Part[] {
  if (template !== 'actions') return [{ template, text, line: 1 }];
  let line = 1;
  return text.split(/^(?=## install\.\w+$)/m).map((section) => {
    const installer = /^## (install\.\w+)$/m.exec(section)?.[1] ?? '';
    const part = { template: PLANS[installer] ?? template, text: section, line };
    line += section.split('\n').length - 1;
    return part;
  });
}
