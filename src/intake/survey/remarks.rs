//! What should a person hear of a draft at once?
//!
//! Takes the sources as they are planned, gives what was guessed of a whole source, or could not be told of it. The
//! draft marks the same with `# ?`; whoever runs it unread would have results that look right.

use std::path::{Path, PathBuf};

use super::found::name_in;
use super::{Planned, row_kinds};
use crate::error::inert;
use crate::intake::study::{Field, Role, RowKind};

/// One guess of a source.
#[derive(Debug, PartialEq, Eq)]
pub struct Remark {
    /// The files that it is about.
    pub of: String,
    /// In English.
    pub what: &'static str,
    /// In Chinese.
    pub in_chinese: &'static str,
}

/// All remarks on a draft, source by source.
pub(super) fn remarks(folder: &Path, planned: &[Planned]) -> Vec<Remark> {
    let has_roll = planned.iter().any(|plan| plan.role == Role::Roll);
    planned.iter().flat_map(|plan| of_source(folder, plan, has_roll)).collect()
}

fn of_source(folder: &Path, plan: &Planned, has_roll: bool) -> Vec<Remark> {
    const SHOWN: usize = 5;
    let paths = std::iter::once(&plan.surveyed.path).chain(&plan.surveyed.parts);
    let names: Vec<String> = paths.map(|path| inert(&name_in(folder, path))).collect();
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(SHOWN);
    let of = if more > 0 { format!("{shown} and {more} more") } else { shown };
    let said = [
        (
            names.len() > 1,
            "taken for parts of one extract, as they have the same columns and hardly a person in common",
            "表头相同而人员几乎不重复，视为同一数据的几个部分，请核对 path",
        ),
        (
            plan.surveyed.is_below,
            "found in a folder below and drafted: does it belong to the study?",
            "位于下级文件夹，已列入研究文件，请确认是否属于本次研究",
        ),
        (
            has_roll && is_headed_like_a_roll(plan),
            "headed like a roll, but another file is the roll: drafted as a register",
            "表头与普查登记相同，但已有另一文件作为普查登记，暂列为部门记录",
        ),
        (
            plan.role == Role::Roll && plan.guess.rows.doubt.is_some(),
            "guessed which column says who lived here at the reference time: look at [source.rows]",
            "说明普查时点居住地的列系推测，请核对 [source.rows]",
        ),
        (
            lacks_death_date(plan),
            "no column dates the deaths: nobody can be found who died before the reference time",
            "未找到死亡日期列，无法查找普查时点前已死亡的人员",
        ),
    ];
    let remark = |(_, what, in_chinese)| Remark { of: of.clone(), what, in_chinese };
    let besides = |other: &Option<PathBuf>, what, in_chinese| {
        let of = format!("{}, {of}", inert(&name_in(folder, other.as_ref()?)));
        Some(Remark { of, what, in_chinese })
    };
    let like = besides(
        &plan.surveyed.like,
        "have the same columns and hardly a person in common: parts of one table? then list both in one path",
        "表头相同而人员几乎不重复：若是同一数据的几个部分，请一并列入一个 path",
    );
    let copied = besides(
        &plan.surveyed.copy_of,
        "have the same columns and mostly the same persons: deliveries or copies of one list? then leave one out, as \
         everybody in it would be found twice",
        "表头相同且人员大多相同：若是同一数据的两次报送或副本，请只保留一个，否则其中每个人都会被当作两个来源分别查到",
    );
    said.into_iter().filter(|(is, ..)| *is).map(remark).chain(like).chain(copied).collect()
}

/// Is it a register that says who lived where at the reference time, as only a roll does?
pub(super) fn is_headed_like_a_roll(plan: &Planned) -> bool {
    plan.role == Role::Register && plan.surveyed.profiles.iter().any(row_kinds::says_who_lived_here)
}

/// Has it rows of deaths that no column dates?
pub(super) fn lacks_death_date(plan: &Planned) -> bool {
    let rows = &plan.guess.rows;
    let is_of_deaths = rows.kinds.contains_key(&RowKind::Death) || rows.otherwise == Some(RowKind::Death);
    plan.role == Role::Register && is_of_deaths && plan.guess.bound(Field::DeathDate).is_none()
}
