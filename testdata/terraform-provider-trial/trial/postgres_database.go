package trial

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/lib/pq"
)

// postgresDatabase is trial_postgres_database: a real database on a server that
// is there. The cloud's folder knows nothing of it.
type postgresDatabase struct{}

type postgresDatabaseModel struct {
	Name     types.String `tfsdk:"name"`
	Server   types.String `tfsdk:"server"`
	Template types.String `tfsdk:"template"`
	URL      types.String `tfsdk:"url"`
}

func newPostgresDatabase() resource.Resource { return postgresDatabase{} }

func (postgresDatabase) Metadata(_ context.Context, request resource.MetadataRequest, response *resource.MetadataResponse) {
	response.TypeName = request.ProviderTypeName + "_postgres_database"
}

func (postgresDatabase) Schema(_ context.Context, _ resource.SchemaRequest, response *resource.SchemaResponse) {
	anew := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	response.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"name":     schema.StringAttribute{Required: true, PlanModifiers: anew},
		"server":   schema.StringAttribute{Required: true, Sensitive: true, PlanModifiers: anew, Description: "URL of another database of the server, with the right to make one."},
		"template": schema.StringAttribute{Optional: true, PlanModifiers: anew, Description: "The database that it begins as a copy of."},
		"url":      schema.StringAttribute{Computed: true, Sensitive: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
	}}
}

func (postgresDatabase) Create(ctx context.Context, request resource.CreateRequest, response *resource.CreateResponse) {
	var m postgresDatabaseModel
	if response.Diagnostics.Append(request.Plan.Get(ctx, &m)...); response.Diagnostics.HasError() {
		return
	}
	statement := "CREATE DATABASE " + pq.QuoteIdentifier(m.Name.ValueString())
	if template := m.Template.ValueString(); template != "" {
		statement += " TEMPLATE " + pq.QuoteIdentifier(template)
	}
	if !m.run(ctx, statement, &response.Diagnostics) {
		return
	}
	address, err := url.Parse(m.Server.ValueString())
	if err != nil {
		response.Diagnostics.AddError("the server's url cannot be read", "its value is hidden")
		return
	}
	address.Path = "/" + m.Name.ValueString()
	m.URL = types.StringValue(address.String())
	response.Diagnostics.Append(response.State.Set(ctx, &m)...)
}

func (postgresDatabase) Read(ctx context.Context, request resource.ReadRequest, response *resource.ReadResponse) {
	var m postgresDatabaseModel
	if response.Diagnostics.Append(request.State.Get(ctx, &m)...); response.Diagnostics.HasError() {
		return
	}
	db, err := sql.Open("postgres", m.Server.ValueString())
	if err != nil {
		response.Diagnostics.AddError("the server cannot be reached", err.Error())
		return
	}
	defer db.Close()
	var found bool
	if err := db.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", m.Name.ValueString()).Scan(&found); err != nil {
		response.Diagnostics.AddError("the server cannot be asked", err.Error())
		return
	}
	if !found {
		response.State.RemoveResource(ctx)
	}
}

// Update never comes: every argument replaces.
func (postgresDatabase) Update(_ context.Context, _ resource.UpdateRequest, response *resource.UpdateResponse) {
	response.Diagnostics.AddError("no argument is changed in place", "")
}

func (postgresDatabase) Delete(ctx context.Context, request resource.DeleteRequest, response *resource.DeleteResponse) {
	var m postgresDatabaseModel
	if response.Diagnostics.Append(request.State.Get(ctx, &m)...); response.Diagnostics.HasError() {
		return
	}
	m.run(ctx, "DROP DATABASE IF EXISTS "+pq.QuoteIdentifier(m.Name.ValueString()), &response.Diagnostics)
}

func (m postgresDatabaseModel) run(ctx context.Context, statement string, diagnostics *diag.Diagnostics) bool {
	db, err := sql.Open("postgres", m.Server.ValueString())
	if err == nil {
		defer db.Close()
		_, err = db.ExecContext(ctx, statement)
	}
	if err != nil {
		diagnostics.AddError("the server refuses", fmt.Sprintf("%s: %v", statement, err))
	}
	return err == nil
}
