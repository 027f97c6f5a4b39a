package columns

import (
	"fmt"
	"slices"
	"time"

	"github.com/signalroom/signalroom/protocol"
)

// partitions renders the statements for those that are missing.
//
// By hash they are made with the table. By range there is one for what lies in none of the others, and one for each interval
// from the start to some way ahead of today. An interval that gets its partition late takes along the rows that were put aside.
func (p *Physical) partitions(t Table, columns []Column, have *Storage, now time.Time) ([]string, error) {
	kind, end := p.storage()
	fresh := len(have.Partitions) == 0
	part := func(suffix string) Table { return Table{t.Schema, Ident(fitted(string(t.Name) + "_" + suffix))} }
	of := func(name Table, bounds string) string {
		have.Partitions = append(have.Partitions, name.Name)
		return "CREATE " + kind + name.String() + " PARTITION OF " + t.String() + " " + bounds + end
	}
	var statements []string
	if p.Partition.Hash != "" {
		for i := 0; fresh && i < p.Partition.Partitions; i++ {
			statements = append(statements, of(part(fmt.Sprintf("p%d", i)), fmt.Sprintf("FOR VALUES WITH (MODULUS %d, REMAINDER %d)", p.Partition.Partitions, i)))
		}
		return statements, nil
	}
	rest := part("default")
	if fresh {
		statements = append(statements, of(rest, "DEFAULT"))
	} else if !slices.Contains(have.Partitions, rest.Name) {
		return nil, nil // another hand sees to them
	}
	intervals, err := p.Partition.intervals(now)
	if err != nil {
		return nil, err
	}
	clock := ""
	var names []Ident
	for _, c := range columns {
		if c.Name == p.Partition.Range && c.Type.Kind == Timestamptz {
			clock = " 00:00:00+00"
		}
		if !c.ReadOnly {
			names = append(names, c.Name)
		}
	}
	for _, from := range intervals {
		name := part(p.Partition.suffix(from))
		if slices.Contains(have.Partitions, name.Name) {
			continue
		}
		low, high := Literal(from.Format(time.DateOnly)+clock), Literal(p.Partition.next(from).Format(time.DateOnly)+clock)
		bounds := fmt.Sprintf("FOR VALUES FROM (%s) TO (%s)", low, high)
		if fresh {
			statements = append(statements, of(name, bounds))
			continue
		}
		if len(statements) == 0 {
			statements = append(statements, "LOCK TABLE "+t.String()+" IN SHARE ROW EXCLUSIVE MODE")
		}
		have.Partitions = append(have.Partitions, name.Name)
		list := List(names)
		statements = append(statements,
			fmt.Sprintf("CREATE %s%s (LIKE %s INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS)%s", kind, name, t, end),
			fmt.Sprintf("WITH moved AS (DELETE FROM %[1]s WHERE %[2]s >= %[3]s AND %[2]s < %[4]s RETURNING %[5]s) INSERT INTO %[6]s (%[5]s) SELECT %[5]s FROM moved",
				rest, p.Partition.Range, low, high, list, name),
			fmt.Sprintf("ALTER TABLE %s ATTACH PARTITION %s %s", t, name, bounds))
	}
	return statements, nil
}

// intervals are the beginnings of those that are to have a partition.
func (p *Partition) intervals(now time.Time) ([]time.Time, error) {
	from, to := p.begin(now), p.begin(now)
	if p.Start != "" {
		start, err := time.Parse(time.DateOnly, p.Start)
		if err != nil {
			return nil, err
		}
		from = p.begin(start)
	}
	ahead := 3
	if p.Ahead != nil {
		ahead = *p.Ahead
	}
	for range ahead {
		to = p.next(to)
	}
	var list []time.Time
	for ; !from.After(to); from = p.next(from) {
		if list = append(list, from); len(list) > maxPartitions {
			return nil, protocol.ConfigFault("choose a later start or a longer interval in tables", "partition_by makes more than %d partitions", maxPartitions)
		}
	}
	return list, nil
}

// begin is the beginning of the interval that a time lies in, in UTC.
func (p *Partition) begin(t time.Time) time.Time {
	year, month, day := t.UTC().Date()
	switch p.Interval {
	case "year":
		month, day = 1, 1
	case "month":
		day = 1
	case "week":
		day -= (int(t.UTC().Weekday()) + 6) % 7 // to Monday
	}
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

func (p *Partition) next(begin time.Time) time.Time {
	switch p.Interval {
	case "year":
		return begin.AddDate(1, 0, 0)
	case "month":
		return begin.AddDate(0, 1, 0)
	case "week":
		return begin.AddDate(0, 0, 7)
	}
	return begin.AddDate(0, 0, 1)
}

// suffix ends the name of an interval's partition.
func (p *Partition) suffix(begin time.Time) string {
	switch p.Interval {
	case "year":
		return begin.Format("2006")
	case "month":
		return begin.Format("2006_01")
	}
	return begin.Format("2006_01_02")
}
