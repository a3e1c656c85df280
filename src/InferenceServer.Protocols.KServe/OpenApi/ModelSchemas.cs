using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Inference;

namespace InferenceServer.Protocols.KServe.OpenApi;

/// <summary>Writes what one version of a model takes and gives: its tensors by name, with their types and shapes, and a request that works.</summary>
internal static class ModelSchemas
{
    /// <param name="json">The document.</param>
    /// <param name="model">The version, or what an alias is described by.</param>
    /// <param name="isAlias">True when others answer under the name, each with its own.</param>
    public static void Write(JsonComposer json, ModelDescription model, bool isAlias)
    {
        WriteRequest(json, model);
        WriteResponse(json, model, isAlias);
    }

    private static void WriteRequest(JsonComposer json, ModelDescription model)
    {
        json.BeginObject(ModelNames.OfSchema(model, "InferRequest"));
        json.Member("type", "object");
        json.BeginArray("required");
        json.Item("inputs");
        json.EndArray();
        json.BeginObject("properties");
        json.Raw("id", """{"type":"string"}""");
        json.Reference("parameters", "Parameters");
        json.BeginObject("inputs");
        json.Member("type", "array");
        json.Member("minItems", model.Config.Inputs.Count(static input => !input.IsOptional));
        json.Member("maxItems", model.Config.Inputs.Length);
        WriteTensors(json, model.Config, model.Config.Inputs, isOutput: false);
        json.EndObject();
        json.BeginObject("outputs");
        json.Member("type", "array");
        json.Member("description", "Which outputs are wanted; all when left out.");
        json.BeginObject("items");
        json.Member("type", "object");
        json.BeginArray("required");
        json.Item("name");
        json.EndArray();
        json.BeginObject("properties");
        json.BeginObject("name");
        json.Member("type", "string");
        json.BeginArray("enum");
        foreach (var output in model.Config.Outputs)
        {
            json.Item(output.Name);
        }

        json.EndArray();
        json.EndObject();
        json.Reference("parameters", "OutputParameters");
        json.EndObject();
        json.EndObject();
        json.EndObject();
        json.EndObject();
        ModelExample.Write(json, "examples", model.Config);
        json.EndObject();
    }

    private static void WriteResponse(JsonComposer json, ModelDescription model, bool isAlias)
    {
        json.BeginObject(ModelNames.OfSchema(model, "InferResponse"));
        json.Member("type", "object");
        json.Raw("required", """["model_name","model_version","outputs"]""");
        json.BeginObject("properties");
        json.Raw("id", """{"type":"string"}""");
        if (isAlias)
        {
            json.Raw("model_name", """{"type":"string"}""");
            json.Raw("model_version", """{"type":"string"}""");
        }
        else
        {
            WriteOneWord(json, "model_name", model.Config.Name);
            WriteOneWord(json, "model_version", ModelNames.VersionInPath(model));
        }

        json.Reference("parameters", "Parameters");
        json.BeginObject("outputs");
        json.Member("type", "array");
        WriteTensors(json, model.Config, model.Config.Outputs, isOutput: true);
        json.EndObject();
        json.EndObject();
        json.EndObject();
    }

    private static void WriteTensors(JsonComposer json, ModelConfig config, ImmutableArray<ModelTensor> tensors, bool isOutput)
    {
        if (tensors.IsEmpty)
        {
            return;
        }

        json.BeginObject("items");
        json.BeginArray("anyOf");
        foreach (var tensor in tensors)
        {
            json.BeginObject();
            WriteTensor(json, config, tensor);
            json.EndObject();
        }

        if (isOutput)
        {
            json.BeginObject();
            json.Member("$ref", "#/components/schemas/ClassifiedOutput");
            json.EndObject();
        }

        json.EndArray();
        json.EndObject();
    }

    private static void WriteTensor(JsonComposer json, ModelConfig config, ModelTensor tensor)
    {
        json.Member("title", tensor.Name);
        json.Member("description", Describe(config, tensor));
        json.Member("type", "object");
        json.Raw("required", """["name","datatype","shape"]""");
        json.BeginObject("properties");
        WriteOneWord(json, "name", tensor.Name);
        WriteOneWord(json, "datatype", tensor.DataType.ProtocolName());
        json.BeginObject("shape");
        json.Member("type", "array");
        json.Raw("items", """{"type":"integer","minimum":0}""");
        json.Member("minItems", tensor.Shape.Rank);
        json.Member("maxItems", tensor.Shape.Rank);
        json.EndObject();
        json.Reference("parameters", "Parameters");
        json.Reference("data", SharedSchemas.DataOf(tensor.DataType));
        json.EndObject();
    }

    private static void WriteOneWord(JsonComposer json, string name, string word)
    {
        json.BeginObject(name);
        json.Member("type", "string");
        json.BeginArray("enum");
        json.Item(word);
        json.EndArray();
        json.EndObject();
    }

    private static string Describe(ModelConfig config, ModelTensor tensor)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{tensor.DataType.ProtocolName()} of the shape {tensor.Shape}");
        for (var place = 0; place < tensor.Shape.Rank; place++)
        {
            if (tensor.Shape[place] != TensorShape.Free)
            {
                continue;
            }

            if (place == 0 && config.IsBatching)
            {
                text.Append(CultureInfo.InvariantCulture, $"; dimension 0 is the batch, 1 to {config.MaxBatchSize}");
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"; dimension {place} is free");
            }
        }

        return text.Append(tensor.IsOptional ? "; may be left out." : ".").ToString();
    }
}
