// One table's rows on their way out: an encoder and a sink.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "bench/simulator/row_encoder.h"
#include "bench/simulator/sink.h"

namespace footfall::simulator {

class RowStream {
  public:
    using OpenSink = std::function<std::unique_ptr<Sink>()>;

    RowStream(std::unique_ptr<RowEncoder> encoder, OpenSink open)
        : encoder_(std::move(encoder)), open_(std::move(open)), sink_(open_()) {
        encoder_->prologue();
    }

    RowEncoder& begin() {
        encoder_->begin();
        return *encoder_;
    }

    void end() {
        encoder_->end();
        if (encoder_->bytes().size() >= kFlushBytes) {
            flush();
        }
    }

    // Hands over what has gathered.
    void flush() {
        sink_->write(encoder_->bytes());
        encoder_->clear();
    }

    // Makes the rows so far visible; more may follow.
    void commit() {
        if (!sink_->transactional()) {
            flush();
            return;
        }
        finish();
        sink_ = open_();
        encoder_->prologue();
    }

    void finish() {
        encoder_->epilogue();
        flush();
        sink_->finish();
    }

  private:
    static constexpr size_t kFlushBytes = 256 * 1024;

    std::unique_ptr<RowEncoder> encoder_;
    OpenSink open_;
    std::unique_ptr<Sink> sink_;
};

}  // namespace footfall::simulator
