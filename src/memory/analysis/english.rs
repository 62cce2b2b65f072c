//! English stop words. The month "may" stays out of the list on purpose; contractions stand without apostrophe.

/// Sorted, for binary search.
const STOP_WORDS: &[&str] = &[
    "a", "about", "after", "again", "all", "also", "am", "an", "and", "any", "are", "arent", "as", "at", "be", "because", "been",
    "before", "being", "but", "by", "can", "cant", "could", "couldnt", "did", "didnt", "do", "does", "doesnt", "doing", "dont",
    "for", "from", "had", "has", "hasnt", "have", "havent", "having", "he", "hed", "her", "here", "hers", "him", "his", "how",
    "i", "id", "if", "ill", "im", "in", "into", "is", "isnt", "it", "its", "ive", "just", "let", "like", "me", "more", "most",
    "my", "no", "nor", "not", "of", "off", "on", "or", "other", "our", "ours", "out", "over", "own", "same", "she", "should",
    "so", "some", "such", "than", "that", "thats", "the", "their", "theirs", "them", "then", "there", "theres", "these", "they",
    "theyre", "this", "those", "through", "to", "too", "under", "until", "up", "very", "was", "wasnt", "we", "were", "weve",
    "what", "when", "where", "which", "while", "who", "whom", "whose", "why", "will", "with", "wont", "would", "wouldnt", "yes",
    "you", "youd", "your", "youre", "yours", "youve",
];

pub(super) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(STOP_WORDS.is_sorted());
    }
}
