"""What a Hub says of a repository, and of who asks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from .author import Author, AuthorType
from .contributor import Contributor
from .doi import Doi
from .errors import HubdoiError, InvalidAuthor
from .funding import Funding
from .repo import HUGGING_FACE, Repo, RepoType
from .rights import Access, Rights, access_statements
from .version import Related

# Tags that the Hub adds by itself, of its own services.
_OF_THE_HUB = frozenset(
    "autotrain_compatible co2_eq_emissions custom_code endpoints_compatible eval-results has_space "
    "model-index text-embeddings-inference text-generation-inference".split()
)
# Tags for the libraries and file formats that the Hub finds: not what a work is about.
_TOOLS = frozenset(
    "adapter-transformers coreml diffusers gguf jax joblib keras mlx onnx openvino peft pickle pytorch "
    "rust safetensors sentence-transformers setfit sklearn tensorboard tensorflow tf tf-keras tflite timm "
    "transformers transformers.js".split()
)


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in: user name, full name, and the organisations they can write to."""

    username: str
    full_name: str
    organizations: tuple[str, ...] = ()

    def can_write_to(self, repo: Repo) -> bool:
        """Whether `repo` is theirs, or belongs to an organisation of theirs."""
        return repo.namespace in (self.username, *self.organizations)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepoInfo:
    """A repository as the person who asks sees it, at one revision.

    `repo` is its present name, even when an old one was asked for. `uid` is the Hub's own
    identifier, which a rename does not change. `head` is None without a commit; `revision` is the
    full commit id of the revision that was asked for (the head unless one was named). `is_empty` is
    True when the Hub says that this revision has no file besides `.gitattributes`.
    `owner_name` is the full name of the user or organisation that it belongs to. `description`
    is the card's text without markup, `licenses` and `languages` as the card has them; `dois` are
    those that its tags carry, and `doi_revision` is what the first of them names, where the Hub says
    so. `access` is its gate, None where the Hub does not say. `funding`, `contributors` and `papers` are those that the card names. `revision_date` is when `revision` was committed: versions are in that
    order, so that an old revision which gets its DOI late does not become the current one.
    """

    repo: Repo
    uid: str
    head: str | None
    revision: str | None
    is_empty: bool = False
    private: bool = False
    can_write: bool = False
    owner_name: str = ""
    owner_is_organization: bool = False
    description: str | None = None
    licenses: tuple[Rights, ...] = ()
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    dois: tuple[Doi, ...] = ()
    doi_revision: str | None = None
    base_models: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    revision_date: datetime | None = None
    funding: tuple[Funding, ...] = ()
    contributors: tuple[Contributor, ...] = ()
    papers: tuple[Related, ...] = ()
    access: Access | None = None

    @property
    def owner(self) -> Author:
        """Whom it belongs to, as an author; a user's name is read as one that a person enters."""
        account = self.repo.namespace or self.repo.name
        kind: AuthorType | None = "organization" if self.owner_is_organization else None
        try:
            name = self.owner_name or account
            return Author(name, kind) if kind else Author.parse(name)
        except InvalidAuthor:
            # A full name that a Hub lets through and no record can carry: the account's always can.
            return Author(account, kind)

    @property
    def license(self) -> str | None:
        return self.licenses[0].text if self.licenses else None

    @property
    def license_url(self) -> str | None:
        return (self.licenses[0].url or None) if self.licenses else None

    @property
    def language(self) -> str | None:
        """The language of the card: a record names one, the primary language.

        Of several a card does not say which is the primary one (many lists are in alphabetical
        order). Several, and the Hub's word "multilingual", are ``mul`` in ISO 639.
        """
        if len(self.languages) > 1 or [word.lower() for word in self.languages] == ["multilingual"]:
            return "mul"
        return next(iter(self.languages), None)

    @property
    def several_languages(self) -> tuple[str, ...]:
        """The languages of the card, without "multilingual"; none where one is all."""
        found = tuple(word for word in self.languages if word.lower() != "multilingual")
        return found if len(self.languages) > 1 else ()

    @property
    def rights(self) -> tuple[Rights, ...]:
        """The licences besides the first, and what a gate asks of who wants the files."""
        return (*self.licenses[1:], *access_statements(self.access))

    @property
    def related(self) -> tuple[Related, ...]:
        """What the card and the tags name: its papers, base models, datasets, other arXiv papers."""
        found = [
            *self.papers,
            *(Related("IsDerivedFrom", url, "URL") for url in _urls("model", self.base_models)),
            *(Related("References", url, "URL") for url in _urls("dataset", self.datasets)),
        ]
        own = {re.sub(r"v\d+$", "", paper.identifier.lower()) for paper in self.papers}
        for tag in self.tags:
            paper = re.fullmatch(r"arxiv:(\d{4}\.\d{4,5}|[a-z-]+/\d{7})", tag.lower())
            if paper and paper[0] not in own:
                found.append(Related("References", f"arXiv:{paper[1]}", "arXiv"))
        return tuple(dict.fromkeys(found))

    @property
    def subjects(self) -> tuple[str, ...]:
        """The tags that say what it is about: the task and free words, not licence, region or DOI,
        nor its languages, its libraries and formats, nor what the Hub can do with it."""
        found = []
        apart = (_OF_THE_HUB | _TOOLS).union(map(str.lower, self.languages))
        for tag in self.tags:
            kind, colon, value = tag.partition(":")
            if not colon and tag.lower() not in apart:
                found.append(tag)
            elif kind in ("task_categories", "task_ids"):
                found.append(value)
        return tuple(dict.fromkeys(found))


def _urls(kind: RepoType, ids: tuple[str, ...]) -> list[str]:
    found = []
    for repo_id in ids:
        try:
            found.append(Repo(kind, repo_id).url(HUGGING_FACE))
        except HubdoiError:
            # A card names what its author wrote: a local path, a paper's title.
            continue
    return found
