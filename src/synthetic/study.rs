//! How does the district ask to be cross-checked?
//!
//! Writes the study file of a synthetic district and names the columns of its extracts, so that the two cannot drift
//! apart: a test holds every column of the study file against the extracts' own lists.

use std::path::{Path, PathBuf};

use super::Plan;
use super::sheet::Column;
use crate::error::Result;
use crate::whole_file;

/// Name of the study file.
pub const STUDY_FILE: &str = "study.toml";

const TEMPLATE: &str = include_str!("tables/study.toml");

/// An extract: source name, file, prefix of record ids, columns.
pub struct Extract {
    /// Name of the source.
    pub source: &'static str,
    /// Name of the file.
    pub file: &'static str,
    /// First letters of its record ids.
    pub prefix: &'static str,
    /// Columns, the record id first.
    pub columns: &'static [(&'static str, Column)],
}

/// The four extracts, in the order in which they are written.
pub const EXTRACTS: [Extract; 4] = [
    Extract { source: "roll", file: "roll.parquet", prefix: "R", columns: ROLL },
    Extract { source: "public_security", file: "public_security.parquet", prefix: "P", columns: PUBLIC_SECURITY },
    Extract { source: "housing", file: "housing.parquet", prefix: "F", columns: HOUSING },
    Extract { source: "health", file: "health.parquet", prefix: "M", columns: HEALTH },
];

const ROLL: &[(&str, Column)] = &[
    ("登记编号", Column::Key),
    ("普查小区", Column::Text),
    ("户编号", Column::Text),
    ("与户主关系", Column::Text),
    ("姓名", Column::Text),
    ("公民身份号码", Column::Key),
    ("性别", Column::Text),
    ("出生年月", Column::Text),
    ("民族", Column::Text),
    ("普查时点居住地", Column::Text),
    ("住址", Column::Text),
    ("户口登记地", Column::Text),
    ("离开户口登记地时间", Column::Text),
    ("联系电话", Column::Key),
    ("登记日期", Column::Day),
];

const PUBLIC_SECURITY: &[(&str, Column)] = &[
    ("人员编号", Column::Key),
    ("登记类型", Column::Text),
    ("户号", Column::Text),
    ("与户主关系", Column::Text),
    ("姓名", Column::Text),
    ("曾用名", Column::Void),
    ("公民身份号码", Column::Key),
    ("性别", Column::Text),
    ("民族", Column::Text),
    ("出生日期", Column::Day),
    ("居委会代码", Column::Text),
    ("住址", Column::Text),
    ("联系电话", Column::Key),
    ("更新日期", Column::Day),
];

const HOUSING: &[(&str, Column)] = &[
    ("合同编号", Column::Key),
    ("登记类别", Column::Text),
    ("权利人姓名", Column::Text),
    ("证件类型", Column::Text),
    ("证件号码", Column::Key),
    ("坐落", Column::Text),
    ("居委会代码", Column::Text),
    ("建筑面积", Column::Number),
    ("登记日期", Column::Day),
];

const HEALTH: &[(&str, Column)] = &[
    ("业务编号", Column::Key),
    ("业务类型", Column::Text),
    ("姓名", Column::Text),
    ("身份证号", Column::Key),
    ("性别", Column::Text),
    ("出生日期", Column::Day),
    ("母亲姓名", Column::Text),
    ("母亲身份证号", Column::Text),
    ("居住地址", Column::Text),
    ("居委会代码", Column::Text),
    ("联系电话", Column::Key),
    ("死亡日期", Column::Day),
    ("最近就诊日期", Column::Day),
];

/// Writes `study.toml`.
///
/// # Errors
/// The file cannot be written.
pub fn write_study(folder: &Path, plan: &Plan<'_>) -> Result<PathBuf> {
    let name = format!("synthetic district, {} persons, seed {}", plan.persons, plan.seed);
    let path = folder.join(STUDY_FILE);
    whole_file::replace(&path, TEMPLATE.replace("{name}", &name))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::{EXTRACTS, TEMPLATE};

    #[test]
    fn every_column_of_the_study_is_one_of_the_extract() {
        let study: toml::Table = TEMPLATE.parse().expect("TOML");
        let sources = study["source"].as_array().expect("sources");
        assert_eq!(sources.len(), EXTRACTS.len());
        for (source, extract) in sources.iter().zip(&EXTRACTS) {
            assert_eq!(source["name"].as_str(), Some(extract.source));
            assert_eq!(source["path"].as_str(), Some(extract.file));
            let has = |name: &str| extract.columns.iter().any(|(column, _)| *column == name);
            assert_eq!(source["record_id"].as_str(), Some(extract.columns[0].0));
            assert!(has(source["rows"]["column"].as_str().expect("column")));
            for (field, binding) in source["columns"].as_table().expect("columns") {
                let name = binding.as_str().or_else(|| binding.get("column")?.as_str()).expect("name");
                assert!(has(name), "{field} of {}", extract.source);
            }
        }
    }
}
