//! Is this an organisation, and no person?
//!
//! Registers of housing have owners of both kinds. Takes a name and the number beside it as typed; an organisation is
//! told by what its name ends in, or by the number of an enterprise.

use super::{BETWEEN_NAMES, han_characters};
use crate::person::han;

/// Shorter names are those of persons, whatever they end in (王学院); as long as this are hardly any but of organisations
/// and transliterated ones, none of which end so.
const CHARACTERS_MIN: usize = 5;

const ENDINGS: &[&str] = &[
    "公司",
    "集团",
    "厂",
    "局",
    "委员会",
    "居委会",
    "村委会",
    "政府",
    "办事处",
    "银行",
    "支行",
    "分行",
    "大学",
    "学院",
    "学校",
    "中学",
    "小学",
    "幼儿园",
    "医院",
    "中心",
    "合作社",
    "研究所",
    "事务所",
    "协会",
    "基金会",
];

/// Length of a unified social credit code, and what those of enterprises and of farmers' cooperatives begin with: no
/// number of a resident does. Those of public bodies (11, 12) begin like numbers of residents.
const CODE_LENGTH: usize = 18;
const CODE_BEGINNINGS: [&[u8]; 2] = [b"91", b"93"];

/// Does the name say so, or is it too long for a person's where the number beside it is an enterprise's? Of several all
/// have to.
#[must_use]
pub fn is_organisation(name: &str, has_code: bool) -> bool {
    let is_one = |name: &str| {
        let name = name.trim();
        han_characters(name) >= CHARACTERS_MIN && (has_code || ENDINGS.iter().any(|ending| name.ends_with(ending)))
    };
    // Most names are shorter than any such name in bytes.
    name.len() >= 3 * CHARACTERS_MIN && han::compatible(name).split(BETWEEN_NAMES).all(is_one)
}

/// Is the number a code of an enterprise? It has a letter before the last place, as no number of a resident has.
#[must_use]
pub fn is_credit_code(number: &str) -> bool {
    let number = number.trim().as_bytes();
    number.len() == CODE_LENGTH
        && CODE_BEGINNINGS.iter().any(|beginning| number.starts_with(beginning))
        && number.iter().all(u8::is_ascii_alphanumeric)
        && number[..CODE_LENGTH - 1].iter().any(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::{is_credit_code, is_organisation};

    #[test]
    fn organisations_are_told_from_persons() {
        for name in [
            "天津市红桥区房产管理局",
            "天津华瑞（集团）有限公司",
            " 建设银行红桥支行 ",
            "光明里社区居民委员会",
            "天津市第二棉纺厂",
            "天津理工学院、天津市第一医院",
        ] {
            assert!(is_organisation(name, false), "{name}");
        }
        for name in [
            "王学院",
            "欧阳公司",
            "诸葛中心",
            "阿卜杜热合曼·买买提",
            "买买提江吐尔逊",
            "王丽（红桥区房产管理局）",
            "王丽、天津华瑞有限公司",
            "人才市场集体户",
            "Tianjin University",
            "",
        ] {
            assert!(!is_organisation(name, false), "{name}");
        }
    }

    #[test]
    fn codes_of_enterprises_are_no_numbers_of_residents() {
        for (number, is_code) in [
            ("91120106MA05XA1B2C", true),
            ("93120106123456789X", false),
            ("9312010612345678AX", true),
            ("12010619900101001X", false),
            ("12120106MB05XA1B2C", false),
            ("999999199002290019", false),
            ("91120106", false),
            ("", false),
        ] {
            assert_eq!(is_credit_code(number), is_code, "{number}");
        }
    }
}
