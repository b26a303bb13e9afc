#include "seq2seq/run/other_words.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace seq2seq::run {

namespace {

struct Called {
  std::vector<std::string> keys;  // our keys
  std::vector<std::string> words;
};

const std::vector<Called>& called_otherwise() {
  static const std::vector<Called> all = {
      {{"data.train"}, {"src", "tgt", "train_set", "train_sets", "path_src", "path_tgt", "trainpref", "train"}},
      {{"data.validation"}, {"valid", "val", "dev", "valid_set", "valid_sets", "validpref", "eval"}},
      {{"data.source.tokenizer", "data.target.tokenizer"},
       {"tokenizer", "tokenizers", "transforms", "level", "bpe", "tokenizer_type", "sentencepiece_options"}},
      {{"data.source.vocabulary.size", "data.target.vocabulary.size"},
       {"vocab_size", "src_vocab_size", "tgt_vocab_size", "dim_vocabs", "voc_limit", "nwordssrc", "nwordstgt"}},
      {{"data.source.vocabulary.minimum_count", "data.target.vocabulary.minimum_count"},
       {"min_freq", "min_frequency", "voc_min_freq", "src_words_min_frequency", "tgt_words_min_frequency",
        "thresholdsrc", "thresholdtgt"}},
      {{"data.source.vocabulary.file", "data.target.vocabulary.file"},
       {"vocab", "vocabs", "src_vocab", "tgt_vocab", "srcdict", "tgtdict", "voc_file"}},
      {{"data.shared_vocabulary"}, {"share_vocab", "joined_dictionary"}},
      {{"data.max_length"},
       {"max_len", "max_sent_length", "max_src_len", "max_tgt_len", "src_seq_length", "tgt_seq_length",
        "max_source_positions", "max_target_positions"}},
      {{"model.embedding.size"},
       {"word_vec_size", "emb_size", "embedding_dim", "dim_emb", "embed_dim", "embed_size", "emb_dim"}},
      {{"model.embedding.tied"},
       {"share_decoder_embeddings", "share_decoder_input_output_embed", "tied_softmax", "tie_weights"}},
      {{"model.embedding.shared"}, {"share_embeddings", "tied_embeddings_src"}},
      {{"model.embedding.tied", "model.embedding.shared"},
       {"tied_embeddings", "tied_embeddings_all", "share_all_embeddings"}},
      {{"model.encoder.cells", "model.decoder.cells"},
       {"hidden_size", "hidden_dim", "hidden", "rnn_size", "num_units", "dim_rnn", "enc_rnn_size", "n_units",
        "encoder_hidden_size", "decoder_hidden_size"}},
      {{"model.encoder.layers", "model.decoder.layers"},
       {"num_layers", "n_layers", "enc_layers", "dec_layers", "encoder_layers", "decoder_layers", "enc_depth",
        "dec_depth"}},
      {{"model.encoder.kind", "model.decoder.kind"},
       {"rnn_type", "cell", "cell_type", "enc_cell", "dec_cell", "gru", "lstm"}},
      {{"model.architecture"}, {"decoder_type", "arch", "model_type"}},
      {{"model.architecture", "model.encoder.bidirectional"}, {"encoder_type"}},
      {{"model.encoder.bidirectional"},
       {"brnn", "bidir", "birnn", "bidirectional", "encoder_bidirectional", "enc_type"}},
      {{"model.attention.kind"}, {"attention", "attn", "global_attention", "attention_type", "decoder_attention"}},
      {{"decode.allow_unknown"}, {"allow_unk", "generate_unk", "ban_unk_token", "unkpen"}},
      {{"model.attention.input_feeding"}, {"input_feed", "input_feeding"}},
      {{"model.encoder.residual_from", "model.decoder.residual_from"}, {"skip"}},
      {{"model.forget_bias"}, {"lstm_forget_gate"}},
      {{"model.heads"},
       {"nhead", "num_heads", "transformer_heads", "encoder_attention_heads", "decoder_attention_heads"}},
      {{"model.norm"},
       {"norm_first", "encoder_normalize_before", "decoder_normalize_before", "transformer_preprocess",
        "transformer_postprocess", "layer_norm"}},
      {{"model.width"}, {"d_model", "model_dim", "transformer_dim", "dim_model"}},
      {{"model.feed_forward"},
       {"ff_size", "transformer_ff", "dim_feedforward", "transformer_dim_ffn", "encoder_ffn_embed_dim",
        "decoder_ffn_embed_dim"}},
      {{"model.dropout"}, {"dropout", "dropout_rate", "dropout_rnn", "emb_dropout", "hidden_dropout"}},
      {{"model.initial_range"}, {"param_init", "init_range", "init_scale", "init_weight"}},
      {{"train.optimizer.learning_rate"}, {"lr", "learning_rate", "step_size", "learn_rate"}},
      {{"train.optimizer.kind"}, {"optim", "optimizer_type", "optimizer"}},
      {{"train.optimizer.weight_decay"}, {"l2", "weight_decay"}},
      {{"train.schedule"}, {"scheduling", "lr_scheduler", "decay_method", "lr_schedule", "lr_decay_strategy"}},
      {{"train.schedule.warmup_updates"},
       {"warmup", "warmup_steps", "lr_warmup", "learning_rate_warmup", "warmup_updates"}},
      {{"train.clip.limit"},
       {"clip_norm", "max_grad_norm", "grad_clip", "clip_grad", "clip_grad_norm", "gradient_clipping"}},
      {{"train.batch.sentences"}, {"batch_size", "mini_batch", "max_sentences", "train_batch_size"}},
      {{"train.batch.tokens"}, {"max_tokens", "mini_batch_words"}},
      {{"train.accumulate"},
       {"accum_count", "update_freq", "optimizer_delay", "batch_multiplier", "gradient_accumulation_steps",
        "accumulate_grad_batches"}},
      {{"train.batch.pool"}, {"bucket_size", "maxi_batch"}},
      {{"train.objective"}, {"normalization", "cost_type", "sentence_avg"}},
      {{"train.average.decay"}, {"average_decay", "ema_decay", "exponential_smoothing"}},
      {{"data.train.weights"}, {"data_weighting"}},
      {{"data.reverse"}, {"right_left"}},
      {{"seed"}, {"random_seed", "manual_seed"}},
      {{"train.epochs"}, {"max_epoch", "max_epochs", "num_epochs", "n_epochs", "after_epochs", "num_train_epochs"}},
      {{"train.updates"},
       {"train_steps", "max_steps", "max_update", "after_batches", "num_steps", "iterations", "steps"}},
      {{"train.validate.every_updates"},
       {"valid_steps", "valid_freq", "validation_freq", "eval_steps", "eval_every", "validate_interval_updates"}},
      {{"train.validate.patience"}, {"early_stopping", "early_stopping_patience"}},
      {{"train.checkpoint.every_updates"},
       {"save_checkpoint_steps", "save_freq", "save_steps", "save_interval", "save_interval_updates"}},
      {{"train.checkpoint.keep"},
       {"keep_checkpoint", "keep_best_ckpts", "keep_last_epochs", "keep_interval_updates", "overwrite"}},
      {{"data.source.factors"}, {"n_src_feats", "src_feats"}},
      {{"model.factors.combine"}, {"feat_merge", "factors_combine"}},
      {{"model.factors.sizes"}, {"feat_vec_size", "factors_dim_emb"}},
      {{"data.train.alignment"},
       {"guided_alignment_file", "alignments", "path_align", "alignfile", "guided_alignment"}},
      {{"train.guided_alignment.weight"}, {"guided_alignment_weight", "lambda_align"}},
      {{"train.guided_alignment.cost"}, {"guided_alignment_cost"}},
      {{"train.label_smoothing"}, {"smoothing", "label_smooth"}},
      {{"train.precision"}, {"fp16", "bf16", "amp", "half", "model_dtype", "autocast"}},
      {{"train.report_every_updates"}, {"report_every", "logging_freq", "log_interval", "disp_freq", "log_every"}},
      {{"train.batch.prefetch"}, {"num_workers", "workers", "prefetch_factor", "data_threads"}},
      {{"decode.beam"}, {"beam_size", "num_beams"}},
      {{"decode.length_normalization"}, {"length_penalty", "lenpen", "normalize", "len_pen", "beam_alpha"}},
      {{"decode.min_length"}, {"min_decode_length", "min_new_tokens", "min_len", "min_output_length"}},
      {{"decode.coverage_penalty"}, {"coverage_penalty", "stepwise_penalty"}},
      {{"decode.repetition_penalty"}, {"repetition_penalty"}},
      {{"decode.diverse_beam"},
       {"diverse_beam_groups", "diverse_beam_strength", "num_beam_groups", "diversity_penalty"}},
      {{"decode.no_repeat_ngram"}, {"no_repeat_ngram_size", "block_ngram_repeat"}},
      {{"decode.sample.temperature"}, {"temperature", "random_sampling_temp", "sampling_temperature"}},
      {{"decode.sample.top_k"}, {"top_k", "random_sampling_topk", "sampling_topk", "output_sampling"}},
      {{"decode.sample.top_p"}, {"top_p", "random_sampling_topp", "sampling_topp", "nucleus"}},
      {{"decode.max_length"},
       {"max_output_length", "max_decode_length", "max_new_tokens", "max_len_a", "max_len_b", "max_length_factor",
        "max_length_ratio"}},
      {{"data.train.repeat"}, {"sample_train_subset"}},
      {{"data.train.tags"}, {"src_prefix"}},
      {{"data.source.tokenizer.sample.alpha"}, {"src_subword_alpha", "tgt_subword_alpha", "sentencepiece_alphas"}},
      {{"task"}, {"model_task"}},
      {{"model.pretrained.source"}, {"src_embeddings", "encoder_embed_path"}},
      {{"model.pretrained.target"}, {"tgt_embeddings", "decoder_embed_path"}},
      {{"model.pretrained"}, {"embedding_vectors", "load_pretrained"}},
      {{"model.bridge.kind"}, {"bridge", "init_hidden"}},
      {{"model.attention.coverage"}, {"coverage_attn"}},
      {{"model.output.kind"}, {"copy_attn", "adaptive_softmax_cutoff"}},
      {{"model.dropout.words"}, {"dropout_src", "dropout_trg"}},
      {{"model.initialization"}, {"param_init_glorot", "initializer"}},
      {{"model.positions"},
       {"position_encoding", "max_relative_positions", "encoder_learned_pos", "decoder_learned_pos",
        "no_token_positional_embeddings", "transformer_train_position_embeddings"}},
      {{"train.optimizer.beta1"}, {"adam_beta1"}},
      {{"train.optimizer.beta2"}, {"adam_beta2"}},
      {{"train.optimizer.beta1", "train.optimizer.beta2"}, {"betas", "adam_betas", "optimizer_params"}},
      {{"train.batch.sentences", "train.batch.tokens"}, {"batch_type"}},
      {{"train.coverage_loss"}, {"lambda_coverage"}},
      {{"train.freeze"},
       {"freeze_encoder", "freeze_word_vecs_enc", "freeze_word_vecs_dec", "encoder_freeze_embed", "embedding_fix_src",
        "requires_grad"}},
      {{"train.updates", "train.epochs"}, {"after"}},
      {{"train.minutes"}, {"stop_time_hours"}},
      {{"train.validate.best_by"}, {"early_stopping_criteria", "best_checkpoint_metric", "early_stopping_metric"}},
      {{"train.validate.metrics"}, {"valid_metrics", "eval_bleu", "eval_metrics"}},
      {{"train.tensorboard"}, {"tensorboard_logdir"}},
      {{"train.not_finite"}, {"check_gradient_nan"}},
      {{"decode.search"}, {"sampling"}},
      {{"decode.language_model.run"}, {"lm_path"}},
      {{"decode.language_model.weight"}, {"lm_weight"}},
      {{"metrics.bleu_tokenizer"}, {"sacrebleu", "tokenize"}},
  };
  return all;
}

/// Answers that need more than our name of the key.
const std::map<std::string, std::string>& said_otherwise() {
  static const std::string run_folder = "use the option `--run` for the folder of a run",
                           device = "use the option `--device` for one device, the section `placement` for several",
                           old_run = "use the option `--resume` to continue a run, `--init-from` for its weights alone",
                           width = "it is `model.embedding.size` here, and `model.width` in a Transformer";
  static const std::map<std::string, std::string> all = {
      {"save_model", run_folder},
      {"model_dir", run_folder},
      {"save_dir", run_folder},
      {"output_dir", run_folder},
      {"device", device},
      {"gpu", device},
      {"gpu_ranks", device},
      {"use_cuda", device},
      {"world_size", "start several processes with `torchrun` (docs/scaling.md)"},
      {"train_from", old_run},
      {"load_model", old_run},
      {"restore_file", old_run},
      {"finetune_from_model", old_run},
      {"encoder_embed_dim", width},
      {"decoder_embed_dim", width},
      {"type", "each part has its own key of that name here, called kind; that of the model is `model.architecture`"},
  };
  return all;
}

/// Names that are ours, too, in another section: by their path.
const std::map<std::string, std::string>& said_of_paths() {
  static const std::string between_layers = "the dropout between recurrent layers is `model.dropout.layers`";
  static const std::map<std::string, std::string> all = {
      {"train.batch.size", "it is `train.batch.sentences` here, or `train.batch.tokens`"},
      {"model.encoder.dropout", between_layers},
      {"model.decoder.dropout", between_layers},
  };
  return all;
}

/// Values of other programs, by key.
struct Written {
  std::vector<std::string> keys, values;
  std::string answer;
};

const std::vector<Written>& written_otherwise() {
  static const std::vector<std::string> tokenizers{"data.source.tokenizer.kind", "data.target.tokenizer.kind"};
  static const std::vector<Written> all = {
      {{"model.encoder.bidirectional"}, {"true", "yes", "on"}, "write `all`, or `first` for the first layer alone"},
      {{"model.encoder.bidirectional"}, {"false", "no", "off"}, "write `none`"},
      {tokenizers, {"bpe"}, "write `sentencepiece`, and beside it `train: bpe`"},
      {tokenizers, {"unigram", "spm", "subword", "subwords"}, "write `sentencepiece`"},
      {tokenizers, {"char", "chars", "characters", "letters"}, "write `character`"},
      {tokenizers, {"none", "word", "words", "space"}, "write `whitespace`"},
      {{"model.attention.kind"}, {"bahdanau", "mlp"}, "write `additive`"},
      {{"model.attention.kind"}, {"luong", "bilinear"}, "write `general`"},
      {{"train.precision"},
       {"fp16", "float16", "half", "amp", "16", "16-mixed"},
       "of the short types only `bf16` and `tf32` exist here"},
      {{"train.precision"}, {"fp32", "float", "32", "full"}, "write `float32`"},
      {{"train.precision"}, {"bfloat16"}, "write `bf16`"},
  };
  return all;
}

}  // namespace

std::map<std::string, std::string> other_words() {
  auto answers = said_otherwise();
  for (const auto& [keys, words] : called_otherwise())
    for (const auto& word : words) answers.emplace(word, fmt::format("it is `{}` here", fmt::join(keys, "` and `")));
  for (const auto& [word, answer] : std::map(answers)) {  // fairseq and Marian use hyphens
    std::string hyphens = word;
    std::replace(hyphens.begin(), hyphens.end(), '_', '-');
    answers.emplace(hyphens, answer);
  }
  answers.insert(said_of_paths().begin(), said_of_paths().end());
  for (const auto* set : {"train", "validation", "test"}) {
    for (const auto& [word, side] :
         {std::pair("src", "source"), std::pair("tgt", "target"), std::pair("trg", "target")})
      answers.emplace(fmt::format("data.{}.{}", set, word), fmt::format("it is `data.{}.{}` here", set, side));
  }
  for (const auto& [keys, values, answer] : written_otherwise()) {
    for (const auto& key : keys)
      for (const auto& value : values) answers.emplace(key + "=" + value, answer);
  }
  return answers;
}

}  // namespace seq2seq::run
