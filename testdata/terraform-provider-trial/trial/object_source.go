package trial

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lockstep-dev/terraform-provider-trial/cloud"
)

// objectSource is the data source trial_object: an object by its name.
type objectSource struct{ cloud *cloud.Cloud }

func newObjectSource() datasource.DataSource { return &objectSource{} }

func (s *objectSource) Metadata(_ context.Context, request datasource.MetadataRequest, response *datasource.MetadataResponse) {
	response.TypeName = request.ProviderTypeName + "_object"
}

func (s *objectSource) Schema(_ context.Context, _ datasource.SchemaRequest, response *datasource.SchemaResponse) {
	response.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"name":     schema.StringAttribute{Required: true},
		"id":       schema.StringAttribute{Computed: true},
		"size":     schema.StringAttribute{Computed: true},
		"endpoint": schema.StringAttribute{Computed: true},
	}}
}

func (s *objectSource) Configure(_ context.Context, request datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	if c, ok := request.ProviderData.(*cloud.Cloud); ok {
		s.cloud = c
	}
}

func (s *objectSource) Read(ctx context.Context, request datasource.ReadRequest, response *datasource.ReadResponse) {
	var found struct {
		Name     types.String `tfsdk:"name"`
		ID       types.String `tfsdk:"id"`
		Size     types.String `tfsdk:"size"`
		Endpoint types.String `tfsdk:"endpoint"`
	}
	response.Diagnostics.Append(request.Config.Get(ctx, &found)...)
	if response.Diagnostics.HasError() {
		return
	}
	o, err := s.cloud.Find(ctx, "object", found.Name.ValueString())
	if err != nil {
		report(&response.Diagnostics, "find", "object", err)
		return
	}
	var m objectModel
	fill(&m, o, &response.Diagnostics)
	found.ID, found.Size, found.Endpoint = m.ID, m.Size, m.Endpoint
	response.Diagnostics.Append(response.State.Set(ctx, &found)...)
}
