import assert from "node:assert/strict";
import { test } from "node:test";
import { placeAt, unpinnedIn } from "../src/calls.ts";

/** The place of the cursor, which is written as | in the text. */
function at(text: string) {
  const offset = text.indexOf("|");
  return placeAt(text.replace("|", ""), offset);
}

test("a name in a loading call", () => {
  const place = at('m = AutoModel.from_pretrained("ada/ti|ny-bert")');
  assert.equal(place?.kind, "name");
  assert.equal(place?.type, "model");
  assert.equal(place?.repo, "ada/tiny-bert");
  assert.equal(place?.text, "ada/tiny-bert");
});

test("a name that is being typed, without its closing quotation mark", () => {
  assert.equal(at("load_dataset('ada/|")?.text, "ada/");
  assert.equal(at("load_dataset('ada/|")?.type, "dataset");
  assert.equal(at('from_pretrained("|")')?.text, "");
});

test("the revision of the repository that the call loads", () => {
  const place = at('f = from_pretrained("ada/tiny-bert", revision="abc|")');
  assert.equal(place?.kind, "revision");
  assert.equal(place?.repo, "ada/tiny-bert");
  assert.equal(place?.text, "abc");
  const earlier = at('hf_hub_download(revision="|", repo_id="ada/tiny-bert", repo_type="dataset")');
  assert.equal(earlier?.repo, "ada/tiny-bert");
  assert.equal(earlier?.type, "dataset");
});

test("calls over several lines, with comments and nested calls", () => {
  const text = `AutoModel.from_pretrained(
    "ada/tiny-bert",  # "no/name (
    torch_dtype=getattr(torch, "float16"),
    revision="12|",
  )`;
  assert.equal(at(text)?.kind, "revision");
  assert.equal(at('from_pretrained("ada/tiny-bert", torch_dtype=get("x|"))'), null);
});

test("nothing outside a loading call", () => {
  for (const text of [
    'print("ada/ti|ny")',
    'from_pretrained("ada/tiny-bert"); print("ada/oth|er")',
    'from_pretrained("ada/tiny-bert", subfolder="o|nnx")',
    "|",
    'from_pretrained(name, "|',
  ]) {
    const place = at(text);
    assert.ok(place === null || place.kind === "name", text);
  }
  assert.equal(at('print("ada/ti|ny")'), null);
  assert.equal(at('from_pretrained("ada/tiny-bert"); print("ada/oth|er")'), null);
  assert.equal(at('from_pretrained("ada/tiny-bert", subfolder="o|nnx")'), null);
});

test("the model of a pipeline is not its task, and a file is no repository", () => {
  assert.equal(at('pipeline("text-classif|ication", model="ada/tiny-bert")'), null);
  assert.equal(at('pipeline("text-classification", model="ada/t|iny-bert")')?.kind, "name");
  assert.equal(at('hf_hub_download(filename="a/c|.json", repo_id="ada/tiny-bert")'), null);
});

test("a very long source is looked at near the cursor only", () => {
  const text = `${"x = 1\n".repeat(200_000)}from_pretrained("ada/t|iny-bert")`;
  assert.equal(at(text)?.repo, "ada/tiny-bert");
});

test("names in calls that name no revision", () => {
  const names = (text: string) => unpinnedIn(text).map((place) => place.text);
  assert.deepEqual(names('from_pretrained("ada/a"); load_dataset("ada/b", split="x")'), [
    "ada/a",
    "ada/b",
  ]);
  assert.deepEqual(names('from_pretrained("ada/a", revision="v1")'), []);
  assert.deepEqual(names('from_pretrained("ada/a", dtype=getattr(torch, "x"), revision=r)'), []);
  assert.deepEqual(names('from_pretrained("ada/a", dtype=f("revision=1)"))  # revision='), [
    "ada/a",
  ]);
  assert.deepEqual(names('from_pretrained(name)\nprint("ada/a")'), []);
  assert.deepEqual(names('from_pretrained("ada/a"'), []);
  assert.deepEqual(names('pipeline("text-classification", model="ada/a")'), ["ada/a"]);
});
