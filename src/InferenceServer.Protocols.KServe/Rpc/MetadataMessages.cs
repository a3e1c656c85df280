using System.Globalization;
using Inference;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Inference;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>The metadata of the server and of models as messages.</summary>
internal static class MetadataMessages
{
    public static ServerMetadataResponse OfServer(ServerIdentity server) => new()
    {
        Name = server.Name,
        Version = server.Version,
        Extensions = { ServerExtensions.Names },
    };

    public static ModelMetadataResponse OfModel(ModelDescription model) => new()
    {
        Name = model.Config.Name,
        Platform = model.Config.Platform.Length > 0 ? model.Config.Platform : model.Config.Backend,
        Versions = { model.ReadyVersions.Select(static version => version.ToString(CultureInfo.InvariantCulture)) },
        Inputs = { model.Config.Inputs.Select(OfTensor) },
        Outputs = { model.Config.Outputs.Select(OfTensor) },
    };

    private static ModelMetadataResponse.Types.TensorMetadata OfTensor(ModelTensor tensor) => new()
    {
        Name = tensor.Name,
        Datatype = tensor.DataType.ProtocolName(),
        Shape = { tensor.Shape.AsSpan().ToArray() },
    };
}
