namespace InferenceServer.Core.Configuration;

/// <summary>Writes a configuration as JSON.</summary>
public static class ModelConfigJsonWriter
{
    /// <summary>The message as UTF-8 JSON, without line breaks.</summary>
    public static byte[] Write(global::Inference.ModelConfig message) => throw new NotImplementedException();
}
