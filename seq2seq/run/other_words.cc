#include "seq2seq/run/other_words.h"

#include <algorithm>
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
      {{"data.train"}, {"src", "tgt", "train_set", "train_sets", "path_src", "path_tgt", "trainpref"}},
      {{"data.validation"}, {"valid", "val", "dev", "valid_set", "valid_sets", "validpref", "eval"}},
      {{"data.source.tokenizer", "data.target.tokenizer"}, {"tokenizer", "tokenizers", "transforms", "level", "bpe"}},
      {{"data.source.vocabulary.size", "data.target.vocabulary.size"},
       {"vocab_size", "src_vocab_size", "tgt_vocab_size", "dim_vocabs", "voc_limit"}},
      {{"data.source.vocabulary.minimum_count", "data.target.vocabulary.minimum_count"},
       {"min_freq", "min_frequency", "voc_min_freq", "src_words_min_frequency", "tgt_words_min_frequency"}},
      {{"data.source.vocabulary.file", "data.target.vocabulary.file"}, {"vocab", "vocabs", "src_vocab", "tgt_vocab"}},
      {{"data.shared_vocabulary"}, {"share_vocab", "joined_dictionary"}},
      {{"data.max_length"}, {"max_len", "max_sent_length", "max_src_len", "max_tgt_len", "src_seq_length"}},
      {{"model.embedding.size"}, {"word_vec_size", "emb_size", "embedding_dim", "dim_emb", "embed_dim", "embed_size"}},
      {{"model.embedding.tied"}, {"share_decoder_embeddings", "share_decoder_input_output_embed", "tied_softmax"}},
      {{"model.embedding.shared"}, {"share_embeddings", "tied_embeddings_src"}},
      {{"model.embedding.tied", "model.embedding.shared"},
       {"tied_embeddings", "tied_embeddings_all", "share_all_embeddings"}},
      {{"model.encoder.cells", "model.decoder.cells"},
       {"hidden_size", "hidden_dim", "hidden", "rnn_size", "num_units", "dim_rnn", "enc_rnn_size", "n_units"}},
      {{"model.encoder.layers", "model.decoder.layers"},
       {"num_layers", "n_layers", "enc_layers", "dec_layers", "encoder_layers", "decoder_layers", "enc_depth",
        "dec_depth"}},
      {{"model.encoder.kind", "model.decoder.kind"},
       {"rnn_type", "cell", "cell_type", "enc_cell", "dec_cell", "gru", "lstm"}},
      {{"model.architecture"}, {"decoder_type", "arch", "model_type"}},
      {{"model.architecture", "model.encoder.bidirectional"}, {"encoder_type"}},
      {{"model.encoder.bidirectional"},
       {"brnn", "bidir", "birnn", "bidirectional", "encoder_bidirectional", "enc_type"}},
      {{"model.attention.kind"}, {"attention", "attn", "global_attention", "attention_type"}},
      {{"decode.allow_unknown"}, {"allow_unk", "generate_unk", "ban_unk_token", "unkpen"}},
      {{"decode.max_length"}, {"max_len_a", "max_len_b", "max_length_factor"}},
      {{"model.attention.input_feeding"}, {"input_feed", "input_feeding"}},
      {{"model.encoder.residual_from", "model.decoder.residual_from"}, {"skip"}},
      {{"model.forget_bias"}, {"lstm_forget_gate"}},
      {{"model.heads"}, {"nhead", "num_heads", "transformer_heads"}},
      {{"model.norm"}, {"norm_first", "encoder_normalize_before"}},
      {{"model.width"}, {"d_model", "model_dim", "transformer_dim", "dim_model"}},
      {{"model.feed_forward"}, {"ff_size", "transformer_ff", "dim_feedforward", "transformer_dim_ffn"}},
      {{"model.dropout"}, {"dropout", "dropout_rate", "dropout_rnn", "emb_dropout", "hidden_dropout"}},
      {{"model.initial_range"}, {"param_init", "init_range", "init_scale", "init_weight"}},
      {{"train.optimizer.learning_rate"}, {"lr", "learning_rate", "step_size", "learn_rate"}},
      {{"train.optimizer.kind"}, {"optim", "optimizer_type"}},
      {{"train.optimizer.weight_decay"}, {"l2"}},
      {{"train.schedule"}, {"scheduling", "lr_scheduler", "decay_method", "lr_schedule"}},
      {{"train.schedule.warmup_updates"}, {"warmup", "warmup_steps", "lr_warmup", "learning_rate_warmup"}},
      {{"train.clip.limit"},
       {"clip_norm", "max_grad_norm", "grad_clip", "clip_grad", "clip_grad_norm", "gradient_clipping"}},
      {{"train.batch.sentences"}, {"batch_size", "mini_batch", "max_sentences", "train_batch_size"}},
      {{"train.batch.tokens"}, {"max_tokens", "mini_batch_words"}},
      {{"train.accumulate"},
       {"accum_count", "update_freq", "optimizer_delay", "batch_multiplier", "gradient_accumulation_steps"}},
      {{"train.batch.pool"}, {"bucket_size", "maxi_batch"}},
      {{"train.objective"}, {"normalization", "cost_type", "sentence_avg"}},
      {{"train.average.decay"}, {"average_decay", "ema_decay", "exponential_smoothing"}},
      {{"data.train.weights"}, {"data_weighting"}},
      {{"data.reverse"}, {"right_left"}},
      {{"seed"}, {"random_seed", "manual_seed"}},
      {{"train.epochs"}, {"max_epoch", "max_epochs", "num_epochs", "n_epochs", "after_epochs", "num_train_epochs"}},
      {{"train.updates"}, {"train_steps", "max_steps", "max_update", "after_batches", "num_steps", "iterations"}},
      {{"train.validate.every_updates"}, {"valid_steps", "valid_freq", "validation_freq", "eval_steps", "eval_every"}},
      {{"train.validate.patience"}, {"early_stopping", "early_stopping_patience"}},
      {{"train.checkpoint.every_updates"}, {"save_checkpoint_steps", "save_freq", "save_steps", "save_interval"}},
      {{"train.checkpoint.keep"}, {"keep_checkpoint", "keep_best_ckpts", "keep_last_epochs"}},
      {{"data.source.factors"}, {"n_src_feats", "src_feats"}},
      {{"model.factors.combine"}, {"feat_merge", "factors_combine"}},
      {{"model.factors.sizes"}, {"feat_vec_size", "factors_dim_emb"}},
      {{"data.train.alignment"}, {"guided_alignment_file", "alignments"}},
      {{"train.guided_alignment.weight"}, {"guided_alignment_weight", "lambda_align"}},
      {{"train.guided_alignment.cost"}, {"guided_alignment_cost"}},
      {{"train.label_smoothing"}, {"smoothing", "label_smooth"}},
      {{"train.precision"}, {"fp16", "bf16", "amp", "half"}},
      {{"train.report_every_updates"}, {"report_every", "logging_freq", "log_interval", "disp_freq"}},
      {{"train.batch.prefetch"}, {"num_workers", "workers"}},
      {{"decode.beam"}, {"beam_size", "num_beams"}},
      {{"decode.length_normalization"}, {"length_penalty", "lenpen", "normalize", "len_pen", "beam_alpha"}},
      {{"decode.min_length"}, {"min_decode_length", "min_new_tokens", "min_len"}},
      {{"decode.coverage_penalty"}, {"coverage_penalty", "stepwise_penalty"}},
      {{"decode.repetition_penalty"}, {"repetition_penalty"}},
      {{"decode.diverse_beam"},
       {"diverse_beam_groups", "diverse_beam_strength", "num_beam_groups", "diversity_penalty"}},
      {{"decode.no_repeat_ngram"}, {"no_repeat_ngram_size", "block_ngram_repeat"}},
      {{"decode.sample.temperature"}, {"temperature", "random_sampling_temp", "sampling_temperature"}},
      {{"decode.sample.top_k"}, {"top_k", "random_sampling_topk", "sampling_topk", "output_sampling"}},
      {{"decode.sample.top_p"}, {"top_p", "random_sampling_topp", "sampling_topp", "nucleus"}},
      {{"decode.max_length"}, {"max_output_length", "max_decode_length", "max_new_tokens"}},
  };
  return all;
}

}  // namespace

std::map<std::string, std::string> other_words() {
  std::map<std::string, std::string> answers = {
      {"save_model", "use the option `--run` for the folder of a run"},
      {"model_dir", "use the option `--run` for the folder of a run"},
      {"save_dir", "use the option `--run` for the folder of a run"},
      {"output_dir", "use the option `--run` for the folder of a run"},
      {"device", "use the option `--device` for one device, the section `placement` for several"},
      {"gpu", "use the option `--device` for one device, the section `placement` for several"},
      {"gpu_ranks", "use the option `--device` for one device, the section `placement` for several"},
      {"use_cuda", "use the option `--device` for one device, the section `placement` for several"},
      {"world_size", "start several processes with `torchrun` (docs/scaling.md)"},
  };
  for (const auto& [keys, words] : called_otherwise())
    for (const auto& word : words) answers.emplace(word, fmt::format("it is `{}` here", fmt::join(keys, "` and `")));
  for (const auto& [word, answer] : std::map(answers)) {  // fairseq and Marian use hyphens
    std::string hyphens = word;
    std::replace(hyphens.begin(), hyphens.end(), '_', '-');
    answers.emplace(hyphens, answer);
  }
  return answers;
}

}  // namespace seq2seq::run
