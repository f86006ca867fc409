package sqlscan_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/internal/sqlscan"
)

func TestSplitMySQL(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		src  string
		want []string
	}{
		"two":                  {"select 1; select 2", []string{"select 1", "select 2"}},
		"hash comment":         {"# a; b\nselect 1; -- c;\nselect 2;--\n", []string{"select 1", "select 2"}},
		"dashes without space": {"select 1--1; x", []string{"select 1--1", "x"}},
		"dashes and tab":       {"select 1 --\tno; y\n+1; x", []string{"select 1 --\tno; y\n+1", "x"}},
		"backslash":            {`select 'a\';b', "c\";d"; x`, []string{`select 'a\';b', "c\";d"`, "x"}},
		"doubled quotes":       {`select 'a'';b', "c"";d"; x`, []string{`select 'a'';b', "c"";d"`, "x"}},
		"two backslashes":      {`select 'a\\'; x`, []string{`select 'a\\'`, "x"}},
		"backticks":            {"select `a;``b`; x", []string{"select `a;``b`", "x"}},
		"comment, flat":        {"/* a /* b; */ select 1; x", []string{"select 1", "x"}},
		"hint":                 {"select /*+ NO_MERGE() ; */ 1; x", []string{"select /*+ NO_MERGE() ; */ 1", "x"}},
		"executable":           {"/*!40101 SET @a = 'x;*/y' */; x", []string{"/*!40101 SET @a = 'x;*/y' */", "x"}},
		"executable, inside":   {"create table t (a int) /*!50100 partition by hash (a) */; x", []string{"create table t (a int) /*!50100 partition by hash (a) */", "x"}},
		"executable, MariaDB":  {"alter table t /*M! nowait */ add a int; x", []string{"alter table t /*M! nowait */ add a int", "x"}},
		"null":                 {`insert into t values (\N); x`, []string{`insert into t values (\N)`, "x"}},
		"client command":       {"select 1 \\G\nselect 2;", []string{"select 1", `\G`, "select 2"}},
		"dollar is a name":     {"select $$, a$; x", []string{"select $$, a$", "x"}},
		"not ascii":            {"select 'ü;' as größe; x", []string{"select 'ü;' as größe", "x"}},
		"transaction":          {"begin; select 1; end; x", []string{"begin", "select 1", "end", "x"}},
		"trigger":              {"create trigger g before insert on t for each row set new.a = 1; x", []string{"create trigger g before insert on t for each row set new.a = 1", "x"}},
		"procedure":            {"create procedure p() begin select 1; select 2; end; x", []string{"create procedure p() begin select 1; select 2; end", "x"}},
		"definer":              {"create definer=`a`@`%` procedure p() begin select 1; end; x", []string{"create definer=`a`@`%` procedure p() begin select 1; end", "x"}},
		"nested":               {"create procedure p() l: begin begin select 1; end; begin end; select 2; end l; x", []string{"create procedure p() l: begin begin select 1; end; begin end; select 2; end l", "x"}},
		"case expression":      {"create procedure p() begin select case when a then case b when 1 then 2 end end; select 2; end; x", []string{"create procedure p() begin select case when a then case b when 1 then 2 end end; select 2; end", "x"}},
		"case statement":       {"create procedure p() begin case a when 1 then if b then select 1; end if; else select 2; end case; select 3; end; x", []string{"create procedure p() begin case a when 1 then if b then select 1; end if; else select 2; end case; select 3; end", "x"}},
		"if":                   {"create procedure p() begin if a then select 1; elseif b then select 2; else if c then select 3; end if; end if; drop table if exists t; end; x", []string{"create procedure p() begin if a then select 1; elseif b then select 2; else if c then select 3; end if; end if; drop table if exists t; end", "x"}},
		"if as a body":         {"create trigger g before insert on t for each row if new.a then set new.b = 1; elseif new.c then set new.d = if(1,2,3); end if; x", []string{"create trigger g before insert on t for each row if new.a then set new.b = 1; elseif new.c then set new.d = if(1,2,3); end if", "x"}},
		"loops":                {"create procedure p() begin a: loop leave a; end loop a; while b do set b = repeat('x', 2); end while; repeat set c = 1; until c end repeat; end; x", []string{"create procedure p() begin a: loop leave a; end loop a; while b do set b = repeat('x', 2); end while; repeat set c = 1; until c end repeat; end", "x"}},
		"handler":              {"create procedure p() begin declare exit handler for sqlexception begin rollback; end; select `end`, t.begin, end from t; end; x", []string{"create procedure p() begin declare exit handler for sqlexception begin rollback; end; select `end`, t.begin, end from t; end", "x"}},
		"event":                {"create event e on schedule every 1 day do begin delete from t; end; x", []string{"create event e on schedule every 1 day do begin delete from t; end", "x"}},
		"event, one statement": {"create event e on schedule every 1 day do delete from t; x", []string{"create event e on schedule every 1 day do delete from t", "x"}},
		"not atomic":           {"begin not atomic select 1; select 2; end; x", []string{"begin not atomic select 1; select 2; end", "x"}},
		"function":             {"create function f(a int) returns int deterministic return a + 1; x", []string{"create function f(a int) returns int deterministic return a + 1", "x"}},
		"column named end":     {"create table t (begin int, end int); x", []string{"create table t (begin int, end int)", "x"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := sqlscan.SplitMySQL([]byte(tt.src))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(texts(got), tt.want) {
				t.Errorf("got  %q\nwant %q", texts(got), tt.want)
			}
		})
	}
}

func TestSplitMySQLRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ src, want string }{
		"delimiter":           {"select 1;\nDELIMITER //", "2:1: DELIMITER is a command of the mysql client, not SQL; remove it"},
		"string":              {`select 'a\'`, "1:8: unterminated string; end it with '"},
		"name":                {"select `a", "1:8: unterminated quoted name; end it with `"},
		"comment":             {"select 1 /*/", "1:10: unterminated comment; end it with */"},
		"executable":          {"select 1; /*!50000 select 2", "1:11: unterminated executable comment; end it with */"},
		"executable, nested":  {"/*! a /*! b */ */", "1:7: an executable comment inside of another; take it out of the other"},
		"executable, cut":     {"/*! a; b */", "1:6: a semicolon inside of an executable comment; write one statement in each /*! ... */"},
		"body without an end": {"create procedure p() begin select 1;", "1:1: body that begins with BEGIN has no END; end it with END;"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := sqlscan.SplitMySQL([]byte(tt.src))
			var place *sqlscan.Error
			if !errors.As(err, &place) || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestMySQLStatements(t *testing.T) {
	t.Parallel()
	type traits struct{ ends, outside, session, executable bool }
	tests := map[string]traits{
		"create table t (a int)":              {outside: true},
		"create temporary table t (a int)":    {},
		"drop temporary table t":              {},
		"alter table t add a int":             {outside: true},
		"truncate t":                          {outside: true},
		"rename table a to b":                 {outside: true},
		"grant select on t to u":              {outside: true},
		"analyze table t":                     {outside: true},
		"analyze select 1":                    {},
		"insert into t values (1)":            {},
		"update t set a = 1":                  {},
		"replace into t values (1)":           {},
		"set @a = 1":                          {session: true},
		"set names utf8mb4":                   {session: true},
		"set global a = 1":                    {},
		"set autocommit = 1":                  {ends: true, session: true},
		"prepare s from 'select 1'":           {session: true},
		"execute s":                           {outside: true},
		"drop prepare s":                      {session: true},
		"call p()":                            {outside: true},
		"begin":                               {ends: true, outside: true},
		"begin not atomic select 1; end":      {outside: true},
		"start transaction":                   {ends: true},
		"commit":                              {ends: true},
		"lock tables t write":                 {ends: true},
		"xa start 'a'":                        {ends: true},
		"/*!40101 SET NAMES utf8 */":          {session: true, executable: true},
		"alter table t /*!50600 add a int */": {outside: true, executable: true},
		"select 1 /* plain */":                {},
	}
	for src, want := range tests {
		t.Run(src, func(t *testing.T) {
			t.Parallel()
			list, err := sqlscan.SplitMySQL([]byte(src))
			if err != nil || len(list) != 1 {
				t.Fatalf("%q, %v", texts(list), err)
			}
			s := list[0]
			got := traits{s.EndsTransaction(), s.OutsideTransaction(), s.SetsSession(), s.ExecutableComment()}
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestMySQLTokens(t *testing.T) {
	t.Parallel()
	list, err := sqlscan.SplitMySQL([]byte("select 2fa_codes.`a``b`, 0x1F, 1e5, 12 /*!1 , c */ from t"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, token := range list[0].Tokens() {
		if n := token.Name(); n != "" {
			names = append(names, n)
		}
	}
	if want := []string{"select", "2fa_codes", "a`b", "c", "from", "t"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

// Whatever the text: no panic, and statements are pieces of it in order that
// split to themselves.
func FuzzSplitMySQL(f *testing.F) {
	for _, seed := range []string{
		"select 1; select 'a\\';b'", "# c\n/*!40101 SET a=1 */;", "create procedure p() begin case a when 1 then select 1; end case; end; x",
		"create trigger g before insert on t for each row if a then set b = 1; end if;", "`a``;`; \\G", "DELIMITER //", "--#0",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		list, err := sqlscan.SplitMySQL([]byte(src))
		if err != nil {
			return
		}
		at := 0
		for _, s := range list {
			if s.Offset < at || !strings.HasPrefix(src[s.Offset:], s.Text) {
				t.Fatalf("%q is not at %d of %q", s.Text, s.Offset, src)
			}
			at = s.Offset + len(s.Text)
			s.Tokens()
			if strings.HasSuffix(s.Text, "--") {
				continue // two operators before "#", and a comment at the end of a text
			}
			again, err := sqlscan.SplitMySQL([]byte(s.Text))
			if err != nil || len(again) != 1 || again[0].Text != s.Text {
				t.Fatalf("%q of %q splits to %q, %v", s.Text, src, texts(again), err)
			}
		}
	})
}

func TestMySQLWrites(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"insert into `Orders` select * from log":        {"Orders"},
		"insert ignore shop.orders (a) values (1)":      {"shop.orders"},
		"replace into o values (1)":                     {"o"},
		"update orders set a = 1 where b = 2":           {"orders"},
		"update a join b on a.id = b.id set a.x = 1":    {"a", "b", "a.id", "b.id"},
		"delete from orders where a = 1":                {"orders"},
		"delete a from a join b using (id) limit 1":     {"a", "a", "b", "id"},
		"with c as (select 1) update t set a = 1":       {"t"},
		"select * from t":                               nil,
		"load data infile 'x' replace into table t (a)": {"t"},
	}
	for src, want := range tests {
		t.Run(src, func(t *testing.T) {
			t.Parallel()
			list, err := sqlscan.SplitMySQL([]byte(src))
			if err != nil {
				t.Fatal(err)
			}
			if got := list[0].Writes(); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestHeaderBehindHashComments(t *testing.T) {
	t.Parallel()
	header, err := sqlscan.ParseHeader([]byte("# it's MySQL's comment\n-- lockstep:phase expand it is new\nalter table t add a int"))
	if err != nil || header.Phase != "expand" {
		t.Errorf("got %+v, %v", header, err)
	}
}
