using System.Text;
using InferenceServer.FunctionalTests.Models;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>A request as bytes, and where its body begins.</summary>
internal readonly record struct RawRequest(byte[] Bytes, int HeadLength)
{
    /// <summary>A question in JSON.</summary>
    public static RawRequest Of(Question question)
    {
        var inputs = question.Inputs.Select(static input => $$"""{"name":"{{input.Name}}","datatype":"{{input.DataType}}","shape":[{{string.Join(',', input.Shape)}}],"data":{{input.Json}}}""");
        var outputs = question.Outputs.Length == 0 ? "" : $$""","outputs":[{{string.Join(',', question.Outputs.Select(static name => $$"""{"name":"{{name}}"}"""))}}]""";
        return Post($"/v2/models/{question.Model}/infer", $$"""{"id":"{{question.Id}}","inputs":[{{string.Join(',', inputs)}}]{{outputs}},"parameters":{ {{string.Join(',', question.ParametersAsJson)}} } }""");
    }

    /// <summary>A body for a path.</summary>
    public static RawRequest Post(string path, string body)
    {
        var content = Encoding.UTF8.GetBytes(body);
        var head = Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: soak\r\nContent-Length: {content.Length}\r\n\r\n");
        return new RawRequest([.. head, .. content], head.Length);
    }
}
