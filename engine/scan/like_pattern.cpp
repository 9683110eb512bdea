#include "engine/scan/like_pattern.h"

#include <algorithm>

namespace footfall::scan {

std::optional<LikePattern> LikePattern::parse(std::string_view pattern, bool multibyte,
                                              std::pmr::memory_resource* resource) {
    LikePattern result(multibyte, resource);
    for (size_t i = 0; i < pattern.size(); ++i) {
        char byte = pattern[i];
        if (byte == '%') {
            if (result.elements_.empty() || result.elements_.back().token != Token::AnySequence)
                result.elements_.push_back({Token::AnySequence, 0});
            continue;
        }
        if (byte == '_') {
            result.elements_.push_back({Token::AnyCharacter, 0});
            continue;
        }
        if (byte == '\\') {
            if (++i == pattern.size())
                return std::nullopt;
            byte = pattern[i];
        }
        result.elements_.push_back({Token::Byte, byte});
        result.literal_.push_back(byte);
    }
    result.classify();
    return result;
}

void LikePattern::classify() {
    const size_t wild = elements_.size() - literal_.size();
    const bool first = !elements_.empty() && elements_.front().token == Token::AnySequence;
    const bool last = !elements_.empty() && elements_.back().token == Token::AnySequence;
    if (wild == 0) {
        form_ = Form::Exact;
    } else if (wild == 1 && last) {
        form_ = Form::Prefix;
    } else if (wild == 1 && first) {
        form_ = Form::Suffix;
    } else if (wild == 2 && first && last) {
        form_ = Form::Contains;
    }
}

bool LikePattern::matches(std::string_view text) const noexcept {
    const std::string_view literal(literal_.data(), literal_.size());
    switch (form_) {
        case Form::Exact:
            return text == literal;
        case Form::Prefix:
            return text.starts_with(literal);
        case Form::Suffix:
            return text.ends_with(literal);
        case Form::Contains:
            return text.find(literal) != std::string_view::npos;
        case Form::General:
            break;
    }
    return matchesGeneral(text);
}

// Bytes of the character that begins at `at`.
size_t LikePattern::characterAt(std::string_view text, size_t at) const noexcept {
    size_t size = 1;
    if (multibyte_) {
        while (at + size < text.size() && (static_cast<uint8_t>(text[at + size]) & 0xc0) == 0x80)
            ++size;
    }
    return size;
}

// The last % met takes more text whenever what follows it fails; earlier ones never need to.
bool LikePattern::matchesGeneral(std::string_view text) const noexcept {
    constexpr size_t kNone = SIZE_MAX;
    size_t at = 0;
    size_t element = 0;
    size_t retryElement = kNone;
    size_t retryAt = 0;
    while (true) {
        if (element < elements_.size() && elements_[element].token == Token::AnySequence) {
            retryElement = ++element;
            retryAt = at;
            continue;
        }
        if (element == elements_.size() && at == text.size())
            return true;
        if (element < elements_.size() && at < text.size()) {
            if (elements_[element].token == Token::AnyCharacter) {
                at += characterAt(text, at);
                ++element;
                continue;
            }
            if (elements_[element].byte == text[at]) {
                ++at;
                ++element;
                continue;
            }
        }
        if (retryElement == kNone || retryAt >= text.size())
            return false;
        if (retryElement == elements_.size())
            return true;
        retryAt += characterAt(text, retryAt);
        at = retryAt;
        element = retryElement;
    }
}

}  // namespace footfall::scan
