/** Stands for whoever looks at rows without making anything of them. */
export const NOBODY = '';

/** Under these names it is noted what is done for the sake of customers, components and clusters; all else is about a ref or an id. */
export const subjectOfCustomer = (id: string): string => `customer ${id}`;
export const subjectOfComponent = (key: string): string => `component ${key}`;
export const subjectOfCluster = (refs: readonly string[]): string => refs[0] ?? NOBODY;

/** What used a row, and whether it was written. */
export interface Use {
  dirty: boolean;
  /** Subjects that used it; of a written row one of them, which stands for all. */
  users?: string[];
}

/**
 * Which parts of a batch have nothing to do with each other, so that those whose rows stood still while others wrote can be committed without
 * the rest. Two subjects belong to one part when one has used a row that the other wrote.
 */
export class Parts {
  private readonly parents = new Map<string, string>();
  /** Something was done that may be about anything: there is only one part. */
  isOne = false;

  /** @param about Undefined: about anything. */
  used(row: Use, about: string | undefined): void {
    if (about === undefined) this.isOne = true;
    else if (row.users === undefined) row.users = [about];
    else if (row.dirty) this.tie(row.users[0] as string, about);
    else if (row.users.at(-1) !== about) row.users.push(about);
  }

  /** Called before the row becomes a written one. */
  wrote(row: Use, about: string | undefined): void {
    this.used(row, about);
    if (about === undefined || row.dirty) return;
    for (const user of row.users ?? []) this.tie(user, about);
    row.users = [about];
  }

  tie(a: string, b: string): void {
    const [x, y] = [this.partOf(a), this.partOf(b)];
    if (x !== y) this.parents.set(x, y);
  }

  partOf(subject: string): string {
    let root = subject;
    for (let parent = this.parents.get(root); parent !== undefined; parent = this.parents.get(root)) root = parent;
    for (let at = subject; at !== root;) {
      const next = this.parents.get(at) as string;
      this.parents.set(at, root);
      at = next;
    }
    return root;
  }
}
