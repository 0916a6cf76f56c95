"""The calls that load a repository. To teach hubdoi another one, add a line to `CALLS`."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache
from typing import NamedTuple

from ...records import RepoType


class Call(NamedTuple):
    """A call that loads a repository, and the argument that names it.

    `name` is ``Function``, known wherever it was imported from; ``package.function``, known only
    when it comes from that package; or ``Class.method``, in which the class may have ``*``.
    `argument` has the keywords, joined by ``|``, and `place` the position of the same argument.

    `prefix`: only text that begins so names a repository, as ``hf-hub:`` does for timm.
    `home`: the namespace that the library puts before a name without one.
    `namespaced`: a name without a namespace is not the Hub's.
    `objects`: the argument may as well be a loaded object; then only text counts.
    `default`: without the argument the library chooses a repository, which the code cannot tell.
    `tagged`: the library reads ``id@revision``. `path`: the argument is a path on the Hub's file
    system, ``datasets/ada/notes/train.csv``. `builder`: it may be the name of a dataset builder,
    and the files are then in `data_files`. `listed`: it may be a list of names. `harness`: it is
    the text of an evaluation harness, ``pretrained=ada/engine,dtype=auto``. `quiet`: functions of
    other libraries have the same name, so a value that is not known is not reported. `settings`:
    the argument is an object of settings, of which these fields, joined by ``|``, name it. A
    `name` that ends in ``()`` is that of an object which is called itself.
    """

    name: str
    argument: str
    place: int | None = 0
    type: RepoType = "model"
    revision: str = "revision"
    prefix: tuple[str, ...] = ()
    home: str | None = None
    namespaced: bool = False
    objects: bool = False
    default: bool = False
    tagged: bool = False
    path: bool = False
    builder: bool = False
    listed: bool = False
    harness: bool = False
    quiet: bool = False
    settings: str = ""

    @property
    def keywords(self) -> frozenset[str]:
        return _parts(self.argument)

    @property
    def revisions(self) -> frozenset[str]:
        return _parts(self.revision)

    @property
    def owner(self) -> str:
        return self.name.rpartition(".")[0]

    @property
    def function(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def is_method(self) -> bool:
        """Whether the owner is a class (`*` or a capital in its name) rather than a package."""
        owner = self.owner
        return "*" in owner or any(letter.isupper() for letter in owner)


@lru_cache(maxsize=512)
def _parts(text: str) -> frozenset[str]:
    return frozenset(text.split("|"))


_MODEL = "pretrained_model_name_or_path|model_name_or_path|pretrained_model_or_path|model_name|model_id|repo_id|pretrained_model_name|name_or_path|model|checkpoint"
_DATASET_FIELDS = (
    "dataset|dataset_name|dataset_name_or_path|dataset_id|dataset_path|hf_dataset|data"
)
_MODEL_FIELDS = f"{_MODEL}|base_model|base_model_name|model_path|hf_model"
_SETTINGS = "args|config|cfg|settings"
_ST = "sentence-transformers"
_TIMM = ("hf_hub:", "hf-hub:")
_TRL = (
    "SFT DPO GRPO Reward KTO ORPO CPO BCO GKD PPO PRM RLOO XPO NashMD OnlineDPO IterativeSFT "
    "AlignProp DDPO GOLD MiniLLM PAPO GFPO"
).split()
_DATATROVE = (
    "DocumentTokenizer TokensCounter LengthCounter MegatronDocumentTokenizer TokenizedFile "
    "DocumentTokenizerContextShuffler PerplexityStats"
).split()

_PYVENE = (
    "backpack_gpt2 blip blip_itm gemma gemma2 gpt2 gpt2_lm gpt2_classifier gpt_neo gpt_neox gpt_oss "
    "llama llava mistral mllama olmo olmo2 qwen2 qwen3"
).split()
_SPEECHBRAIN = "Wav2Vec2 HuggingFaceWav2Vec2 HuBERT WavLM Whisper HuggingFaceWhisper MERT".split()
_PYSERINI = (
    "AutoQueryEncoder AnceQueryEncoder BprQueryEncoder DprQueryEncoder TctColBertQueryEncoder "
    "SpladeQueryEncoder UniCoilQueryEncoder AutoDocumentEncoder DprDocumentEncoder "
    "TctColBertDocumentEncoder"
).split()
_TXTAI = (
    "LLM Generator Labels Similarity CrossEncoder Entity Summary Sequences Translation Transcription "
    "TextToSpeech TextToAudio Caption Objects ImageHash Questions"
).split()

# fmt: off
CALLS: tuple[Call, ...] = (
    # transformers, diffusers, peft and everything with the same method
    Call("*.from_pretrained", _MODEL, tagged=True),
    Call("*.from_pretrained", "custom_pipeline", None, namespaced=True, quiet=True),
    Call("*.from_pretrained_no_processing", "model_name"),
    Call("*.from_finetuned", "model_name_or_path"),
    Call("PeftModel*.from_pretrained", "model_id", 1),
    Call("PeftMixedModel.from_pretrained", "model_id", 1),
    Call("*.from_quantized", "model_name_or_path|model_name_or_path|quant_path|model_path"),
    Call("*.from_encoder_decoder_pretrained", "encoder_pretrained_model_name_or_path"),
    Call("*.from_encoder_decoder_pretrained", "decoder_pretrained_model_name_or_path", 1),
    Call("*.from_vision_text_pretrained", "vision_model_name_or_path"),
    Call("*.from_vision_text_pretrained", "text_model_name_or_path", 1),
    Call("*.from_pretrained_question_encoder_generator", "question_encoder_pretrained_model_name_or_path"),
    Call("*.from_pretrained_question_encoder_generator", "generator_pretrained_model_name_or_path", 1),
    Call("*.from_hparams", "source"),
    Call("foreign_class", "source"),
    Call("*.from_model_id", "model_id", 0),
    Call("*.load_adapter", "peft_model_id|adapter_name_or_path", 0, namespaced=True),
    Call("*.load_lora_weights", "pretrained_model_name_or_path_or_dict", objects=True),
    Call("*.load_textual_inversion", "pretrained_model_name_or_path"),
    Call("*.load_ip_adapter", "pretrained_model_name_or_path_or_dict", objects=True),
    Call("*.load_attn_procs", "pretrained_model_name_or_path_or_dict", objects=True),
    Call("*.load_custom_generate", "pretrained_model_name_or_path"),
    Call("transformers.pipeline", "model", 1, objects=True, default=True),
    Call("transformers.pipeline", "tokenizer", 3, objects=True),
    Call("transformers.pipeline", "feature_extractor", 4, objects=True),
    Call("transformers.pipeline", "image_processor", 5, objects=True),
    Call("optimum.pipeline", "model", 1, objects=True, default=True),
    Call("lmdeploy.pipeline", "model_path", 0),
    Call("pyannote.Inference", "model", 0, objects=True),
    # also when some other library hands it on
    Call("pipeline", "model", None, objects=True, namespaced=True, quiet=True),
    Call("[A-Z]*.load_config", _MODEL, namespaced=True, quiet=True),
    *(Call(f"trl.{name}Trainer", "model", 0, objects=True) for name in _TRL),
    *(Call(f"trl.{name}Trainer", "ref_model|teacher_model|reward_model|value_model", None, objects=True) for name in _TRL),
    *(Call(f"trl.{name}Trainer", "reward_funcs", None, objects=True, listed=True) for name in _TRL),
    Call("trl.DPOTrainer", "ref_model", 1, objects=True),
    Call("trl.GRPOTrainer", "reward_funcs", 1, objects=True, listed=True),
    Call("trl.RLOOTrainer", "reward_funcs", 1, objects=True, listed=True),
    # datasets
    Call("datasets.load_dataset", "path", 0, "dataset", revision="revision|script_version", builder=True),
    Call("nlp.load_dataset", "path", 0, "dataset", revision="version", builder=True),
    Call("unsloth.load_dataset", "path", 0, "dataset", builder=True),
    Call("load_dataset_builder", "path", 0, "dataset", builder=True),
    Call("get_dataset_config_names", "path", 0, "dataset", builder=True),
    Call("get_dataset_config_info", "path", 0, "dataset", builder=True),
    Call("get_dataset_split_names", "path", 0, "dataset", builder=True),
    Call("get_dataset_infos", "path", 0, "dataset", builder=True),
    Call("get_dataset_default_config_name", "path", 0, "dataset", builder=True),
    Call("datasets.inspect_dataset", "path", 0, "dataset", builder=True),
    Call("HuggingFaceDatasetLoader", "path", 0, "dataset", builder=True),
    Call("tensorflow_datasets.load", "name", 0, "dataset", prefix=("huggingface:",)),
    # functions of other modules that are given all settings
    Call("datasets.load_dataset", _SETTINGS, 0, "dataset", namespaced=True, settings=_DATASET_FIELDS),
    Call("load_dataset", _SETTINGS, 0, "dataset", namespaced=True, settings=_DATASET_FIELDS),
    Call("get_dataset", _SETTINGS, 0, "dataset", namespaced=True, settings=_DATASET_FIELDS),
    Call("load_model", _SETTINGS, namespaced=True, settings=_MODEL_FIELDS),
    Call("get_model", _SETTINGS, namespaced=True, settings=_MODEL_FIELDS),
    Call("load_tokenizer", _SETTINGS, namespaced=True, settings=_MODEL_FIELDS),
    Call("get_tokenizer", _SETTINGS, namespaced=True, settings=_MODEL_FIELDS),
    # huggingface_hub
    Call("hf_hub_download", "repo_id"),
    Call("hf_hub_url", "repo_id"),
    Call("snapshot_download", "repo_id"),
    Call("try_to_load_from_cache", "repo_id"),
    Call("load_torch_model_from_hub", "repo_id"),
    Call("from_pretrained_keras", "pretrained_model_name_or_path|repo_id"),
    Call("from_pretrained_fastai", "repo_id"),
    Call("load_model_ensemble_and_task_from_hf_hub", "model_id"),
    Call("InferenceClient", "model"),
    Call("AsyncInferenceClient", "model"),
    Call("InferenceApi", "repo_id"),
    Call("HfFileSystem().*", "path|rpath", 0, path=True),
    Call("KerasCV.from_preset", "preset", prefix=("hf://",)),
    Call("load_from_hub", "repo_id"),
    Call("fiftyone.load_from_hub", "repo_id", 0, "dataset"),
    Call("LoadDataFromHub", "repo_id", None, "dataset"),
    Call("HuggingFaceDatasetReader", "dataset", 0, "dataset"),
    Call("push_from_hub", "repo_id"),
    # sentence embeddings and retrieval
    Call("SentenceTransformer", "model_name_or_path|model_name", home=_ST),
    Call("CrossEncoder", "model_name_or_path|model_name"),
    Call("MLMTransformer", "model_name_or_path"),
    Call("SparseEncoder", "model_name_or_path"),
    Call("sentence_transformers.Transformer", "model_name_or_path"),
    Call("models.Transformer", "model_name_or_path"),
    Call("*.from_model2vec", "model_name|model_name_or_path"),
    Call("ColBERT", "model_name_or_path", objects=True, quiet=True),
    Call("colbert.Indexer", "checkpoint"),
    Call("colbert.Searcher", "checkpoint", 1),
    Call("BERTopic", "embedding_model", 5, home=_ST, objects=True),
    Call("KeyBERT", "model", 0, home=_ST, objects=True),
    Call("SentenceTransformerBackend", "embedding_model", home=_ST, objects=True),
    Call("Model2VecBackend", "embedding_model", objects=True),
    Call("FastEmbedBackend", "embedding_model"),
    Call("model2vec.distill", "model_name"),
    Call("mteb.get_model", "model_name", namespaced=True),
    *(Call(name, "encoder_dir|model_name|model_name_or_path") for name in _PYSERINI),
    Call("txtai.Embeddings", "path", None),
    Call("txtai.Embeddings", "config|indexes", settings="path"),
    *(Call(f"txtai.{name}", "path", namespaced=True) for name in _TXTAI),
    *(Call(f"txtai.{name}", "path", 1, namespaced=True) for name in ("Extractor", "RAG")),
    Call("txtai.HFTrainer()", "base", namespaced=True, objects=True),
    Call("HuggingFaceEmbeddings", "model_name|model", None, home=_ST),
    Call("HuggingFaceBgeEmbeddings", "model_name", None),
    Call("HuggingFaceInstructEmbeddings", "model_name", None),
    Call("HuggingFaceInferenceAPIEmbeddings", "model_name", None, home=_ST),
    Call("HuggingFaceEndpointEmbeddings", "model|repo_id", None),
    Call("HuggingFaceHubEmbeddings", "repo_id|model", None),
    Call("SentenceTransformerEmbeddings", "model_name|model", None, home=_ST),
    Call("SentenceTransformersTokenTextSplitter", "model_name", None, home=_ST),
    Call("SentenceTransformerEmbeddingFunction", "model_name", 0, home=_ST),
    Call("HuggingFaceEmbeddingFunction", "model_name", None, home=_ST),
    Call("HuggingFaceEmbedding", "model_name", 0),
    Call("FastEmbedEmbeddings", "model_name", None),
    Call("fastembed.TextEmbedding", "model_name"),
    Call("HuggingFaceCrossEncoder", "model_name", None),
    Call("SentenceTransformerRerank", "model", None),
    Call("FlagModel", "model_name_or_path"),
    Call("FlagReranker", "model_name_or_path"),
    Call("FlagLLMReranker", "model_name_or_path"),
    Call("BGEM3FlagModel", "model_name_or_path"),
    Call("FlagLLMModel", "model_name_or_path"),
    Call("FlagICLModel", "model_name_or_path"),
    Call("LayerWiseFlagLLMReranker", "model_name_or_path"),
    Call("LightWeightFlagLLMReranker", "model_name_or_path"),
    Call("INSTRUCTOR", "model_name_or_path"),
    Call("Reranker", "model_name", namespaced=True),
    Call("SentenceTransformersTextEmbedder", "model", home=_ST),
    Call("SentenceTransformersDocumentEmbedder", "model", home=_ST),
    Call("SentenceTransformersDocumentImageEmbedder", "model", home=_ST),
    Call("SentenceTransformersSparseTextEmbedder", "model"),
    Call("SentenceTransformersSparseDocumentEmbedder", "model"),
    Call("SentenceTransformersSimilarityRanker", "model"),
    Call("TransformersSimilarityRanker", "model"),
    Call("SentenceTransformersRanker", "model_name_or_path"),
    Call("SentenceTransformersDiversityRanker", "model", home=_ST),
    Call("EmbeddingRetriever", "embedding_model", None, home=_ST),
    Call("DensePassageRetriever", "query_embedding_model", None),
    Call("DensePassageRetriever", "passage_embedding_model", None),
    Call("FARMReader", "model_name_or_path"),
    Call("TransformersReader", "model_name_or_path"),
    Call("ExtractiveReader", "model"),
    Call("PromptNode", "model_name_or_path", objects=True, namespaced=True),
    # text generation
    Call("vllm.LLM", "model"),
    Call("vllm.LLM", "tokenizer", None),
    Call("vllm.AsyncEngineArgs", "model"),
    Call("vllm.EngineArgs", "model"),
    Call("vllm.LoRARequest", "lora_path|lora_local_path", 2),
    Call("sglang.Engine", "model_path"),
    Call("mlx_lm.load", "path_or_hf_repo"),
    Call("mlx_lm.sharded_load", "repo"),
    Call("mlx_vlm.load", "path_or_hf_repo|path_or_repo"),
    Call("mlx_lm.convert", "hf_path"),
    Call("mlx_vlm.convert", "hf_path"),
    Call("mlx_whisper.transcribe", "path_or_hf_repo", None),
    Call("mlx_audio.load_model", "model_path"),
    Call("KPipeline", "repo_id", 1),
    Call("KModel", "repo_id"),
    # evaluation harnesses and interpretability
    Call("lm_eval.simple_evaluate", "model_args", 1, tagged=True, harness=True, quiet=True),
    Call("HFLM", "pretrained", objects=True),
    Call("HFLM", "tokenizer", None, objects=True),
    Call("HFLM", "peft", None),
    Call("lm_eval.VLLM", "pretrained"),
    Call("LightevalTaskConfig", "hf_repo", None, "dataset", revision="hf_revision"),
    Call("TransformersModelConfig", "model_name|pretrained", None),
    Call("VLLMModelConfig", "model_name|pretrained", None),
    Call("*.boot_transformers", "model_name"),
    Call("inseq.load_model", "model", objects=True),
    Call("inseq.load_model", "tokenizer", None, objects=True),
    Call("nnsight.LanguageModel", "model_key|repo_id", objects=True),
    Call("nnsight.DiffusionModel", "repo_id", objects=True),
    Call("nnsight.VLLM", "model", objects=True),
    *(Call(f"pyvene.create_{name}", "name") for name in _PYVENE),
    Call("llmcompressor.oneshot", "model", objects=True),
    Call("llmcompressor.oneshot", "dataset", None, "dataset", objects=True, namespaced=True),
    Call("outlines.transformers", "model_name", objects=True),
    Call("outlines.vllm", "model_name", objects=True),
    Call("outlines.mlxlm", "model_name", objects=True),
    Call("guidance.Transformers", "model", objects=True),
    Call("llava.load_pretrained_model", "model_path"),
    Call("llava.load_pretrained_model", "model_base", 1),
    Call("fastchat.load_model", "model_path"),
    Call("InferenceConfig", "model_name_or_path", None),
    Call("HookedTransformer.from_pretrained", "model_name"),
    Call("HuggingFaceHub", "repo_id", None),
    Call("HuggingFaceEndpoint", "repo_id|model", None),
    Call("HuggingFaceTextGenInference", "repo_id", None),
    Call("HuggingFaceLLM", "model_name", None),
    Call("HuggingFaceLLM", "tokenizer_name", None),
    Call("HuggingFaceInferenceAPI", "model_name", None),
    Call("HuggingFaceLocalGenerator", "model", None),
    Call("HuggingFaceLocalChatGenerator", "model", None),
    Call("TransformersModel", "model_id"),
    Call("HfApiModel", "model_id"),
    Call("InferenceClientModel", "model_id"),
    Call("VLLM", "model", None),
    Call("vLLM", "model", None),
    Call("vLLM", "tokenizer", None),
    Call("vLLMEmbeddings", "model", None),
    Call("TransformersLLM", "model", None),
    Call("InferenceEndpointsLLM", "model_id", None),
    Call("InferenceEndpointsLLM", "tokenizer_id", None),
    Call("MlxLLM", "path_or_hf_repo", None),
    Call("CTransformers", "model", None),
    Call("QuantConfig", "base_model", None),
    # vision, speech and other modalities
    Call("timm.create_model", "model_name", prefix=_TIMM, tagged=True),
    Call("open_clip.create_model", "model_name", prefix=_TIMM),
    Call("open_clip.create_model_and_transforms", "model_name", prefix=_TIMM),
    Call("open_clip.create_model_from_pretrained", "model_name", prefix=_TIMM),
    Call("open_clip.get_tokenizer", "model_name", prefix=_TIMM),
    Call("HFTokenizer", "tokenizer_name"),
    Call("faster_whisper.WhisperModel", "model_size_or_path", namespaced=True),
    Call("whisperx.load_model", "whisper_arch", namespaced=True),
    Call("nemo.restore_from", "restore_path", prefix=("hf://",)),
    Call("SequenceTagger.load", "model_path|model_name", namespaced=True),
    Call("TextClassifier.load", "model_path|model_name", namespaced=True),
    Call("flair.hf_download", "model_name"),
    *(Call(f"speechbrain.{name}", "source") for name in _SPEECHBRAIN),
    Call("flair.TransformerWordEmbeddings", "model"),
    Call("flair.TransformerDocumentEmbeddings", "model"),
    Call("YOLO.from_pretrained", "pretrained_model_name_or_path"),
    # wrappers around transformers
    Call("simpletransformers.*Model", "model_name", 1, objects=True),
    Call("ktrain.Transformer", "model_name"),
    Call("text.Transformer", "model_name"),
    Call("Happy*", "model_name", 1),
    Call("nlpaug.ContextualWordEmbsAug", "model_path"),
    Call("nlpaug.ContextualWordEmbsForSentenceAug", "model_path"),
    Call("nlpaug.AbstSummAug", "model_path"),
    Call("nlpaug.BackTranslationAug", "from_model_name"),
    Call("nlpaug.BackTranslationAug", "to_model_name", 1),
    Call("MtTransformers", "src_model_name"),
    Call("MtTransformers", "tgt_model_name", 1),
    *(Call(name, "tokenizer_name_or_path", None) for name in _DATATROVE),
    Call("bert_score.score", "model_type", None),
    Call("BERTScorer", "model_type", None),
    Call("*.compute", "model_type|model_id", None),
    Call("*.compute", "model_or_pipeline", None, objects=True),
    Call("SpacyGLiNER.from_pretrained", "model_name"),
    Call("WordLlama.load", "repo_id", None),
    Call("LettuceDetect", "model_path", None),
    Call("torch.load", "repo_or_dir", None, prefix=("huggingface/",)),
)

# Functions that read the URL or `hf://` path that they are given, when a name holds it.
READERS = frozenset(
    "read_csv read_json read_parquet read_excel read_table read_feather read_pickle read_ipc "
    "read_ndjson read_delta read_text read_fwf read_avro scan_parquet scan_csv scan_ndjson scan_ipc "
    "from_parquet from_csv from_json read load open urlopen urlretrieve retrieve get post request "
    "download download_file download_url wget sql query execute read_sql url_to_fs get_mapper "
    "get_mapper ls glob find info cat cat_file load_image load_video load_state_dict_from_url "
    "from_single_file from_preset load_model load_from_disk open_dataset open_zarr ParquetFile "
    "read_schema dataset ParquetDataset imread open_files filesystem run Popen check_call "
    "check_output system getoutput call load_dataset Llama retrieve_file from_url cached_path "
    "get_file load_file fetch hf_hub_url WebDataset".split()
)

# Functions that write to the place that they are given: not a use.
WRITERS = frozenset(
    "save_pretrained push_to_hub save_to_disk save_model to_csv to_json to_parquet to_excel "
    "write_parquet write_csv write_json write_ndjson sink_parquet sink_csv create_repo delete_repo "
    "upload_file upload_folder upload_large_folder create_commit create_branch create_tag move_repo "
    "Repository update_repo_settings update_repo_visibility put put_file makedirs mkdir savez "
    "save_lora_adapter save_weights push_to_hub_keras push_to_hub_fastai push_to_hub_merged "
    "save_pretrained_merged save_pretrained_gguf to_hub export_to_hub save_to_hub".split()
)

# Functions that only show or keep the text that they are given.
SHOWERS = frozenset(
    "print display HTML Markdown IFrame Image info debug warning error log write_html append add "
    "ValueError RuntimeError Exception ImportError format markdown pprint set_title title".split()
)


def _by_function() -> dict[str, tuple[Call, ...]]:
    named: dict[str, list[Call]] = {}
    for call in CALLS:
        named.setdefault(call.function, []).append(call)
    return {function: tuple(calls) for function, calls in named.items()}


_CALLS = _by_function()
_GLOBS = tuple(call for call in CALLS if "*" in call.function and not call.path)
_PATHS = tuple(call for call in CALLS if call.path)

OBJECTS = frozenset(name.removesuffix("()") for name in _CALLS if name.endswith("()")) | {
    "HfFileSystem"
}
"""The classes whose objects load something, whatever the objects are called."""

TRIGGERS = frozenset(name.removesuffix("()") for name in _CALLS if "*" not in name) | {
    "HfFileSystem",
    "simpletransformers",
    "happytransformer",
}
"""The words of which at least one stands in every cell that loads something by a call."""


def calls_on_paths(owner: str) -> tuple[Call, ...]:
    """The lines of the table for the methods of a file system of the Hub."""
    return tuple(call for call in _PATHS if owner.endswith(call.owner))


@lru_cache(maxsize=4096)
def calls_named(function: str) -> tuple[Call, ...]:
    """The lines of the table for a function or method of this name."""
    found = _CALLS.get(function, ())
    for call in _GLOBS:
        if fnmatchcase(function, call.function):
            found = (*found, call)
    return found


@lru_cache(maxsize=4096)
def lines_for(origin: str, dotted: str) -> tuple[Call, ...]:
    """The lines of the table that a function is meant by, which is called `dotted` at its origin."""
    owner, _, called = dotted.rpartition(".")
    if called in WRITERS:
        return ()
    entries = calls_on_paths(owner) or calls_named(called)
    matching = tuple(entry for entry in entries if _matches(entry, origin, dotted))
    exact = tuple(e for e in matching if e.is_method and not e.owner.startswith("*"))
    # a line for one package is meant rather than a line for every function of the name
    named = tuple(e for e in matching if e.owner and not e.is_method) if origin == "import" else ()
    chosen = exact or named or matching
    if len(chosen) > 1 and origin == "unbound":
        # nothing tells the package: the first line of the table is the likeliest
        chosen = tuple(entry for entry in chosen if entry.owner == chosen[0].owner)
    return chosen


def _matches(entry: Call, origin: str, dotted: str) -> bool:
    """Whether a line of the table is meant by a function that is called `dotted` at its origin."""
    owner, _, _ = dotted.rpartition(".")
    if not entry.owner:
        if origin == "local" and not owner:
            return False
        return not owner or origin in ("import", "unbound") or entry.function.startswith("hf_hub")
    if entry.owner == "*":
        return bool(owner)
    if entry.is_method:
        return fnmatchcase(owner.rpartition(".")[2], entry.owner)
    if origin in ("local", "value"):
        return False
    package = dotted.partition(".")[0].removesuffix("()")
    if origin == "unbound" and not owner:
        return True
    return package == entry.owner or owner.rpartition(".")[2] == entry.owner
