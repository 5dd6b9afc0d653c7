use rollcall::*;
use std::io::Write;
fn main() {
    let t = std::time::Instant::now();
    let path = std::env::args().nth(1).unwrap();
    let out = std::env::args().nth(2).unwrap();
    let study = intake::study::file::read(std::path::Path::new(&path)).unwrap_or_else(|e| panic!("{e}"));
    let extracts: Vec<_> = (0..study.sources.len()).map(|s| intake::extract::open(&study, s).unwrap_or_else(|e| panic!("{e}"))).collect();
    eprintln!("open {:?}", t.elapsed());
    let st = person::standardise(&study, &extracts, &progress::Silent).unwrap_or_else(|e| panic!("{e}"));
    for t in &st.tallies { eprintln!("{t:?}"); }
    let table = st.table;
    eprintln!("standardise {:?} {} records, {} estates {:.1} B", t.elapsed(), table.len(), table.estates.len(), table.bytes_per_record());
    let comparer = linkage::comparison::Comparer::new(&study, &table);
    eprintln!("comparer {:?}", t.elapsed());
    let linked = linkage::link(&study, &table, &comparer, &progress::Silent).unwrap_or_else(|e| panic!("{e}"));
    eprintln!("link {:?}", t.elapsed());
    for r in &linked.rules { eprintln!("{:40} keys {:8} blocks {:8} largest {:6} divided {:4} left {:6} pairs {:8} new {:8}", r.rule, r.keys, r.blocks, r.largest_block, r.divided, r.pairs_left_out, r.pairs, r.new_pairs); }
    for s in &linked.model.shares { eprintln!("{}", s.comparison); for i in 1..s.levels.len() { eprintln!("   {:40} m {:.5} u {:.8} r {:.5}  w {:.2}", s.levels[i], s.m[i], s.u[i], s.r[i], (s.m[i]/s.u[i]).log2()); } }
    for c in &linked.model.classes { let (a,b)=(linked.model.slots[c.one],linked.model.slots[c.other]); if c.matches*c.pairs>1.0 {eprintln!("{} {:?} x {} {:?}: matches {:.0} relatives {:.0}", a.source,a.kind,b.source,b.kind, c.matches*c.pairs, c.relatives*c.pairs);} }
    eprintln!("iterations {} persons {}", linked.model.iterations, linked.resolution.persons());
    let mut f = std::io::BufWriter::new(std::fs::File::create(format!("{out}/persons.csv")).unwrap());
    writeln!(f, "source,record_id,person").unwrap();
    for r in 0..table.len() as u32 { writeln!(f, "{},{},{}", study.sources[table.source(r)].name, table.record_id(r), linked.resolution.person_of[r as usize]).unwrap(); }
    let mut f = std::io::BufWriter::new(std::fs::File::create(format!("{out}/pairs.csv")).unwrap());
    writeln!(f, "sl,rl,sr,rr,weight,odds,pattern").unwrap();
    for (((a,b),s),p) in linked.pairs.iter().zip(&linked.scores).zip(&linked.patterns) { 
        let levels: Vec<String> = linked.model.comparisons().iter().map(|c| format!("{}", c.level(*p))).collect();
        writeln!(f, "{},{},{},{},{:.3},{:.3},{}", study.sources[table.source(*a)].name, table.record_id(*a), study.sources[table.source(*b)].name, table.record_id(*b), s.weight, s.log2_odds, levels.join("-")).unwrap(); }
    eprintln!("done {:?}", t.elapsed());
}
