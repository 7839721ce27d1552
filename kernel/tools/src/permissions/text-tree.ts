/** A line with those that belong to it. */
export interface TextNode {
  readonly text: string;
  readonly children: readonly TextNode[];
}

/** A line that nothing belongs to. */
export function leaf(text: string): TextNode {
  return { text, children: [] };
}

/** The lines of a tree, from its root on. */
export function treeLines(root: TextNode): readonly string[] {
  return linesOf(root, "", "");
}

function linesOf({ text, children }: TextNode, first: string, rest: string): readonly string[] {
  return [
    `${first}${text}`,
    ...children.flatMap((child, index) =>
      index === children.length - 1
        ? linesOf(child, `${rest}└─ `, `${rest}   `)
        : linesOf(child, `${rest}├─ `, `${rest}│  `),
    ),
  ];
}
