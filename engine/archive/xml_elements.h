// The little XML that S3 answers with: elements and their text, nothing of attributes or
// namespaces.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace footfall::archive {

// Calls `visit` at the end of each element with the names from the root to it and its own text.
// Throws CorruptData for what is not well-formed, nested more than 16 deep, or declares entities.
void forEachElement(std::string_view document,
                    const std::function<void(const std::vector<std::string>& path,
                                             const std::string& text)>& visit);

}  // namespace footfall::archive
