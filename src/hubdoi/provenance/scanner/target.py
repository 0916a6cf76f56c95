"""Whether a text names a repository, a local path, a builder, or nothing that can be loaded."""

from __future__ import annotations

import re
from functools import lru_cache

from ...records import Repo, RepoReference, RepoType
from ...records.errors import HubdoiError, RepoNotEligible
from .patterns import lazily

BUILDERS = frozenset(
    "json csv parquet text arrow pandas sql xml imagefolder audiofolder videofolder pdffolder "
    "niftifolder webdataset hdf5 lance generator spark cache zarr".split()
)

# The oldest models have no namespace. No new ones can be made, so their families are all there is.
_LEGACY_MODEL = lazily(
    r"(?:albert-(?:base|large|xlarge|xxlarge)-v[12]"
    r"|(?:distil)?bert-(?:base|large)(?:-(?:un)?cased|-chinese|-multilingual|-german|-japanese|-finnish|-dutch|-arabic|-turkish)[\w-]*"
    r"|camembert-(?:base|large)|flaubert[-_](?:small|base|large)[-_]\w+|ctrl"
    r"|distilgpt2|distilroberta-base|gpt2(?:-(?:medium|large|xl))?|openai-gpt"
    r"|roberta-(?:base|large)(?:-mnli|-openai-detector)?|(?:m?t5|byt5)-(?:small|base|large|xl|3b|11b)"
    r"|bart-(?:base|large)(?:-(?:cnn|mnli|xsum))?|transfo-xl-wt103|electra-(?:small|base|large)-(?:discriminator|generator)"
    r"|xlm-(?:clm|mlm)-[\w-]+|xlm-roberta-(?:base|large)(?:-finetuned-conll0[23]-(?:dutch|spanish|english|german))?"
    r"|xlnet-(?:base|large)-cased|t5-(?:small|base|large|3b|11b)|layoutlm-base-uncased|longformer-base-4096)"
)
_TRAINED_FROM = lazily(
    r"finetun|fine[-_]tun|[-_](?:ft|lora|final|trained|custom|saved|mine|my)(?:[-_]|$)"
)
_KNOWN_TRAINED = lazily(
    r"finetuned-(?:sst-2-english|mrpc|squad|conll0[23]-\w+)|distilled-squad|whole-word-masking"
)
_SENTENCE_MODEL = lazily(
    r"(?:all|paraphrase|multi-qa|msmarco|stsb|nli|quora|nq|gtr|sentence-t5|clip-ViT|distiluse|xlm-r|"
    r"static|use-cmlm|average_word_embeddings|average_levy|allenai|facebook-dpr|bert-base-nli|"
    r"bert-large-nli|roberta-base-nli|roberta-large-nli|distilbert-base-nli|distilroberta-base-(?:ms|par)|"
    r"distilbert-(?:base-)?(?:nli|dot|multilingual-nli)|msmarco|xlm)[-_][\w.-]+|LaBSE"
)
_LOCAL_WORDS = frozenset(
    "results result output outputs out model models checkpoint checkpoints ckpt ckpts data dataset "
    "datasets saved save saves saved_model saved_models tmp temp runs run logs log experiments "
    "experiment exp weights pretrained pretrained_model pretrained_models artifacts artifact cache content drive "
    "mydrive gdrive src home root mnt kaggle workspace trained trained_model trained_models local "
    "path paths assets resources files file downloads download folder dir input inputs working "
    "my_model my-model mymodel model_save model_saved finetuned fine_tuned fine-tuned finetuned_model "
    "finetuned_models fine_tuned_model adapters adapter lora lora_model best best_model final final_model "
    "llm llms hf_models hf_model hub_models embeddings tokenizer tokenizers users opt usr var etc "
    "train test config configs conf".split()
)
_PLACEHOLDER = lazily(
    r"(?i)^(?!(?:user|namespace|org|organi[sz]ation|account|name|repo)$)"
    r"(?:your|my|the|some)?[-_ ]?(?:hf|hub|huggingface|hugging-face)?[-_]?"
    r"(?:user[-_]?name|username|user|namespace|org|organi[sz]ation|account|hf[-_]?id|name|repo)"
    r"(?:[-_]?(?:here|name))?$|^your[-_]|^<|^xxx+$|^hf_?user"
)
_TRAINING_STEP = lazily(r"(?:checkpoint|ckpt|step|epoch)[-_]?\d+$|^checkpoint[-_]", re.I)
_FILE = lazily(
    r"\.(?:bin|pt|pth|ckpt|safetensors|gguf|ggml|onnx|h5|hdf5|json|jsonl|csv|tsv|txt|py|parquet|arrow|"
    r"pkl|pickle|zip|gz|tar|yaml|yml|model|npz|npy|xml|wav|mp3|jpg|png|tflite|pb|keras|nemo|msgpack)$",
    re.I,
)
_ADDRESS = lazily(
    r"(?i)https?://(?:[^\s/'\"@]*@)?(?:www\.)?(?:huggingface\.co|hf\.co)/[^\s'\"`<>|\\)\]};,]+"
)
_HF_PATH = lazily(r"hf://[^\s'\"`<>|)\];,]+")
# A beginning that goes on behind the name: only then the name is whole.
_NAMED_PATH = lazily(
    r"(hf://(?:datasets/|models/|(?!datasets/|models/|spaces/|buckets/))[\w.-]+/[\w.-]+)"
    r"(?:(@(?:refs/(?:convert|pr)/)?[\w.-]+)?/|(@))"
)
_NAMED_PAGE = lazily(
    r"(?i)(https?://(?:www\.)?(?:huggingface\.co|hf\.co))/((?:datasets/)?(?:[\w.-]+/)?[\w.-]+)"
    r"/(?:resolve|raw|blob)/([\w.-]+/)?"
)
UNKNOWN_REVISION = "$REVISION"
"""How a revision is written that only the run can tell: as a variable of a shell."""
_VARIABLE = lazily(r"[${}]")
_FILE_PAGES = lazily(r"/(?:resolve|raw|blob)/")
_API = lazily(
    r"(?i)https?://api-inference\.huggingface\.co/(?:pipeline/[\w-]+|models)/([\w.-]+(?:/[\w.-]+)?)"
)


@lru_cache(maxsize=4096)
def read_id(
    text: str, repo_type: RepoType, *, home: str | None = None, namespaced: bool = False,
    tagged: bool = False, path: bool = False,
) -> RepoReference | None:  # fmt: skip
    """The repository that a library would load when it is given `text`; None for anything else."""
    written = text.strip()
    if not written or len(written) > 500 or written != text.rstrip("\n"):
        return None
    if written.startswith("hf://") or "://" in written:
        return read_address(written)
    if path:
        return read_address(f"hf://{written}") if written.count("/") else None
    revision = None
    if tagged and "@" in written:
        written, _, revision = written.partition("@")
        if not revision:
            return None
    if looks_local(written):
        return None
    if "/" not in written:
        if namespaced or not _is_legacy(written, repo_type):
            if home is None or namespaced or not _SENTENCE_MODEL.fullmatch(written):
                return None
            written = f"{home}/{written}"
    elif _is_placeholder(written):
        return None
    try:
        return RepoReference(Repo(repo_type, written), revision)
    except HubdoiError:
        return None


def read_address(text: str) -> RepoReference | None:
    """The model or dataset of an `hf://` path or a URL of the Hub; None for anything else."""
    written = text.strip()
    if (api := _API.match(written)) is not None:
        written = f"hf://{api[1]}"
    try:
        reference = RepoReference.parse(re.sub(r"^(https?://)[^/@]*@", r"\1", written))
    except (RepoNotEligible, HubdoiError):
        return None
    if written.startswith("hf://") and reference.repo.namespace is None:
        # `hf://` paths always have a namespace, except those of the oldest repositories
        if not _is_legacy(reference.repo.id, reference.repo.type):
            return None
    elif (
        reference.repo.namespace is None
        and "/resolve/" not in written
        and reference.repo.type == "model"
    ):
        return reference if _is_legacy(reference.repo.id, "model") else None
    return None if _is_placeholder(reference.repo.id) else reference


def addresses_in(text: str) -> list[RepoReference]:
    """The repositories whose files are addressed in a text: `hf://` paths and file URLs."""
    found = [m.group() for m in _HF_PATH.finditer(text)] if "hf://" in text else []
    if "uggingface.co" in text or "hf.co" in text:
        found += [m.group() for m in _ADDRESS.finditer(text) if _FILE_PAGES.search(m.group())]
        found += [m.group() for m in _API.finditer(text)]
    references = (read_address(address) for address in found)
    return list(dict.fromkeys(reference for reference in references if reference is not None))


def address_in_beginning(text: str) -> str | None:
    """A URL of the repository that the beginning of a text names; None when it is not whole."""
    if (path := _NAMED_PATH.match(text)) is not None:
        return path[1] + (f"@{UNKNOWN_REVISION}" if path[3] else path[2] or "")
    if (page := _NAMED_PAGE.match(text)) is not None:
        return f"{page.group()}_" if page[3] else f"{page.group()}{UNKNOWN_REVISION}/_"
    return None


def known_revision(reference: RepoReference) -> tuple[RepoReference, bool]:
    """The reference without a revision that is a variable, and whether all of it is known."""
    if reference.revision is None or not _VARIABLE.search(reference.revision):
        return reference, True
    return RepoReference(reference.repo), False


def looks_local(text: str) -> bool:
    """Whether a path of this machine is meant, as far as its text tells."""
    if text.startswith((".", "/", "~", "\\", "$", "-", "<", "{")) or "\\" in text or " " in text:
        return True
    if ":" in text or text.endswith("/") or text.count("/") > 1 or "*" in text:
        return True
    if _FILE.search(text):
        return True
    first, slash, second = text.partition("/")
    if not slash:
        return False
    return (
        first.lower() in _LOCAL_WORDS
        or _TRAINING_STEP.search(second) is not None
        or first.lower().endswith(
            ("_dir", "_models", "_results", "_output", "_outputs", "_checkpoints")
        )
    )


def _is_legacy(name: str, repo_type: RepoType) -> bool:
    if repo_type == "dataset":
        return (
            re.fullmatch(r"[a-z0-9][a-z0-9_.-]+", name) is not None
            and name not in BUILDERS
            and name not in _LOCAL_WORDS
            and not re.match(r"my[-_]|your[-_]", name)
            and not _FILE.search(name)
        )
    if _LEGACY_MODEL.fullmatch(name) is None:
        return False
    rest = _KNOWN_TRAINED.sub("", name)
    return _TRAINED_FROM.search(rest) is None


def _is_placeholder(repo_id: str) -> bool:
    return _PLACEHOLDER.search(repo_id.partition("/")[0]) is not None
