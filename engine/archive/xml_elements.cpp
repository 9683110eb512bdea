#include "engine/archive/xml_elements.h"

#include <charconv>

#include "engine/base/error.h"

namespace footfall::archive {
namespace {

constexpr size_t kMaxDepth = 16;

[[noreturn]] void malformed() {
    base::throwCorrupt("the store's answer is not well-formed XML");
}

void appendUtf8(std::string& text, uint32_t code) {
    const auto put = [&text](uint32_t byte) { text += static_cast<char>(byte); };
    if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        malformed();
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xc0 | code >> 6);
        put(0x80 | (code & 63));
    } else if (code < 0x10000) {
        put(0xe0 | code >> 12);
        put(0x80 | (code >> 6 & 63));
        put(0x80 | (code & 63));
    } else {
        put(0xf0 | code >> 18);
        put(0x80 | (code >> 12 & 63));
        put(0x80 | (code >> 6 & 63));
        put(0x80 | (code & 63));
    }
}

void appendEntity(std::string& text, std::string_view name) {
    if (name == "lt") {
        text += '<';
    } else if (name == "gt") {
        text += '>';
    } else if (name == "amp") {
        text += '&';
    } else if (name == "quot") {
        text += '"';
    } else if (name == "apos") {
        text += '\'';
    } else if (name.starts_with('#')) {
        const bool hex = name.starts_with("#x");
        name.remove_prefix(hex ? 2 : 1);
        uint32_t code = 0;
        const auto [end, failure] =
            std::from_chars(name.data(), name.data() + name.size(), code, hex ? 16 : 10);
        if (failure != std::errc() || end != name.data() + name.size())
            malformed();
        appendUtf8(text, code);
    } else {
        malformed();
    }
}

void appendText(std::string& text, std::string_view raw) {
    for (size_t at = 0; at < raw.size(); ++at) {
        if (raw[at] != '&') {
            text += raw[at];
            continue;
        }
        const size_t end = raw.find(';', at);
        if (end == std::string_view::npos)
            malformed();
        appendEntity(text, raw.substr(at + 1, end - at - 1));
        at = end;
    }
}

}  // namespace

void forEachElement(std::string_view document,
                    const std::function<void(const std::vector<std::string>& path,
                                             const std::string& text)>& visit) {
    std::vector<std::string> path;
    std::vector<std::string> texts;
    bool seen = false;
    while (!document.empty()) {
        const size_t open = document.find('<');
        const std::string_view between = document.substr(0, open);
        if (!path.empty()) {
            appendText(texts.back(), between);
        } else if (between.find_first_not_of(" \t\r\n\xef\xbb\xbf") != std::string_view::npos) {
            malformed();
        }
        if (open == std::string_view::npos)
            break;
        document.remove_prefix(open);
        if (document.starts_with("<!--") || document.starts_with("<?")) {
            const std::string_view closing = document.starts_with("<?") ? "?>" : "-->";
            const size_t end = document.find(closing, 2);
            if (end == std::string_view::npos)
                malformed();
            document.remove_prefix(end + closing.size());
            continue;
        }
        const size_t close = document.find('>');
        if (close == std::string_view::npos || document.starts_with("<!"))
            malformed();
        std::string_view tag = document.substr(1, close - 1);
        document.remove_prefix(close + 1);
        if (tag.starts_with('/')) {
            const size_t end = tag.find_last_not_of(" \t\r\n");
            if (path.empty() || tag.substr(1, end) != path.back())
                malformed();
            visit(path, texts.back());
            path.pop_back();
            texts.pop_back();
            continue;
        }
        const bool empty = tag.ends_with('/');
        if (empty)
            tag.remove_suffix(1);
        const std::string_view name = tag.substr(0, tag.find_first_of(" \t\r\n"));
        if (name.empty() || path.size() == kMaxDepth || (path.empty() && seen))
            malformed();
        seen = true;
        path.emplace_back(name);
        texts.emplace_back();
        if (empty) {
            visit(path, texts.back());
            path.pop_back();
            texts.pop_back();
        }
    }
    if (!path.empty() || !seen)
        malformed();
}

}  // namespace footfall::archive
