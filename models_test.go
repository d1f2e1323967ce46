package main_test

import (
	"context"
	"go/ast"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm/schema"

	"productgenerator/models"
	"productgenerator/postgres"
	"productgenerator/postgres/pgtest"
)

// rows is a value of every model that has a table.
func rows() []schema.Tabler {
	return []schema.Tabler{
		models.BalanceRow{},
		models.Content{},
		models.AlertRule{},
		models.AutoTopUp{},
		models.Consumption{},
		models.DayConsumption{},
		models.Generation{},
		models.GenerationBatch{},
		models.GenerationPart{},
		models.Grant{},
		models.IdempotencyKey{},
		models.Invitation{},
		models.LedgerEntry{},
		models.LimitWarning{},
		models.MemberUsage{},
		models.Membership{},
		models.PaymentNotice{},
		models.PaymentReference{},
		models.Product{},
		models.ProductConsumption{},
		models.ProductDay{},
		models.ProductMonth{},
		models.ProductImage{},
		models.ProductPrice{},
		models.Promotion{},
		models.PublicProduct{},
		models.Purchase{},
		models.Reclaim{},
		models.ProviderComparison{},
		models.Redemption{},
		models.Referral{},
		models.RefundRequest{},
		models.Reservation{},
		models.SavedMethod{},
		models.Session{},
		models.Settings{},
		models.Team{},
		models.Template{},
		models.TokenPackage{},
		models.User{},
	}
}

func TestTheModelsMatchTheMigratedSchema(t *testing.T) {
	db := pgtest.New(t)
	tables := readTables(t, db)
	for _, row := range rows() {
		table := tables[row.TableName()]
		delete(tables, row.TableName())
		if table == nil {
			t.Errorf("%T: there is no table %s", row, row.TableName())
			continue
		}
		model, err := schema.Parse(row, &sync.Map{}, db.Gorm.NamingStrategy)
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range model.Fields {
			if field.DBName != "" {
				checkField(t, row, field, table)
				delete(table, field.DBName)
			}
		}
		for name, column := range table {
			if !column.Generated {
				t.Errorf("%T: no field holds %s.%s", row, row.TableName(), name)
			}
		}
	}
	for name := range tables {
		t.Errorf("no model holds the rows of table %s", name)
	}
}

func TestEveryModelWithATableIsChecked(t *testing.T) {
	var want, got []string
	for _, s := range readSources(t) {
		if s.folder() != "models" {
			continue
		}
		for _, declaration := range s.file.Decls {
			if method, ok := declaration.(*ast.FuncDecl); ok && method.Name.Name == "TableName" {
				want = append(want, receiver(method))
			}
		}
	}
	for _, row := range rows() {
		got = append(got, reflect.TypeOf(row).Name())
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("checked are\n%v, tables have\n%v", got, want)
	}
}

func checkField(t *testing.T, row schema.Tabler, field *schema.Field, table map[string]column) {
	t.Helper()
	column, found := table[field.DBName]
	if !found {
		t.Errorf("%T.%s: there is no column %s.%s", row, field.Name, row.TableName(), field.DBName)
		return
	}
	if nullable := field.FieldType.Kind() == reflect.Pointer; nullable != column.Nullable {
		t.Errorf("%T.%s: pointer %v, the column is nullable %v", row, field.Name, nullable, column.Nullable)
	}
	if field.PrimaryKey != column.Primary {
		t.Errorf("%T.%s: primary key %v, the column %v", row, field.Name, field.PrimaryKey, column.Primary)
	}
	if want := columnType(field); column.Type != want {
		t.Errorf("%T.%s: a %s is kept as %s, the column is %s", row, field.Name, field.FieldType, want, column.Type)
	}
}

// columnType is the type of the column that holds the field's values without loss; empty for a type that none is
// known for.
func columnType(field *schema.Field) string {
	if field.TagSettings["SERIALIZER"] == "json" {
		return "jsonb"
	}
	switch field.IndirectFieldType {
	case reflect.TypeFor[time.Time]():
		return "timestamp with time zone"
	case reflect.TypeFor[models.Date]():
		return "date"
	case reflect.TypeFor[[]byte]():
		return "bytea"
	}
	switch field.IndirectFieldType.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "boolean"
	case reflect.Int:
		return "integer"
	case reflect.Int64:
		return "bigint"
	default:
		return ""
	}
}

// column is what the database says about a column.
type column struct {
	Type      string
	Nullable  bool
	Primary   bool
	Generated bool
}

// readTables reads the columns of our tables by table and name. Those of the job queue and of the migrations are
// theirs.
func readTables(t *testing.T, db *postgres.DB) map[string]map[string]column {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	found, err := db.Pool.Query(ctx, `
		SELECT t.relname, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
		       coalesce(a.attnum = ANY ((i.indkey::smallint[])[0:i.indnkeyatts - 1]), false), a.attgenerated <> ''
		  FROM pg_class t
		  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
		  LEFT JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary
		 WHERE t.relnamespace = 'public'::regnamespace AND t.relkind IN ('r', 'p')`)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	tables := map[string]map[string]column{}
	for found.Next() {
		var table, name string
		var c column
		if err := found.Scan(&table, &name, &c.Type, &c.Nullable, &c.Primary, &c.Generated); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(table, "river_") || table == "goose_db_version" {
			continue
		}
		if tables[table] == nil {
			tables[table] = map[string]column{}
		}
		tables[table][name] = c
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return tables
}

// receiver is the name of the type that the method belongs to.
func receiver(method *ast.FuncDecl) string {
	kind := method.Recv.List[0].Type
	if pointer, ok := kind.(*ast.StarExpr); ok {
		kind = pointer.X
	}
	return kind.(*ast.Ident).Name
}
