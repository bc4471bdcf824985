// Says where a PowerShell script is none:  node --liftoff-only parse.mjs SCRIPT
// (--liftoff-only: the grammar is compiled in a moment instead of a minute.)
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Language, Parser } from "web-tree-sitter";

await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load(fileURLToPath(import.meta.resolve("tree-sitter-powershell/tree-sitter-powershell.wasm"))));
const wrong = [];
const visit = (node) => {
  if (node.isError || node.isMissing) wrong.push(`line ${node.startPosition.row + 1}: ${node.type}: ${node.text.slice(0, 60)}`);
  node.children.forEach(visit);
};
visit(parser.parse(await readFile(process.argv[2], "utf8")).rootNode);
console.log(wrong.join("\n"));
process.exit(wrong.length ? 1 : 0);
