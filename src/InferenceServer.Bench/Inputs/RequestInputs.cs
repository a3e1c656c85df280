using System.Text.Json;
using InferenceServer.Bench.Models;

namespace InferenceServer.Bench.Inputs;

/// <summary>The inputs of a request as it is sent over HTTP.</summary>
internal static class RequestInputs
{
    public static IReadOnlyList<Tensor> Read(JsonElement request, ModelMetadata model)
    {
        // What would be left out silently would change what is measured.
        foreach (var member in request.EnumerateObject().Where(static member => member.Name is not ("inputs" or "id")))
        {
            throw new FormatException(member.Name == "parameters"
                ? "the member 'parameters' of a request is not read; give them with --parameters"
                : $"the member '{member.Name}' of a request is not known; expected 'inputs'");
        }

        var tensors = request.GetProperty("inputs").EnumerateArray().Select(ReadInput).ToList();
        foreach (var tensor in tensors)
        {
            var metadata = model.Inputs.FirstOrDefault(input => input.Name == tensor.Name)
                ?? throw new FormatException($"model '{model.Name}' has no input '{tensor.Name}', but {string.Join(", ", model.Inputs.Select(static input => $"'{input.Name}'"))}");
            if (metadata.DataType != tensor.DataType || !InputShape.Fits(metadata, tensor.Shape))
            {
                throw new FormatException($"input '{tensor.Name}' is {tensor.DataType} {InputShape.Text(tensor.Shape)}, model '{model.Name}' takes {metadata.DataType} {InputShape.Text(metadata.Shape)}");
            }
        }

        return tensors;
    }

    private static Tensor ReadInput(JsonElement input)
    {
        var tensor = new Tensor(
            input.GetProperty("name").GetString() ?? "",
            input.GetProperty("datatype").GetString() ?? "",
            [.. input.GetProperty("shape").EnumerateArray().Select(static dimension => dimension.GetInt64())],
            TensorJson.Read(input.GetProperty("data"), input.GetProperty("datatype").GetString() ?? ""));
        return DataTypes.ElementsIn(tensor.DataType, tensor.Data) == tensor.ElementCount
            ? tensor
            : throw new FormatException($"input '{tensor.Name}' has {DataTypes.ElementsIn(tensor.DataType, tensor.Data)} values, its shape {InputShape.Text(tensor.Shape)} needs {tensor.ElementCount}");
    }
}
