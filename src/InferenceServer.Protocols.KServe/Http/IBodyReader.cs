using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Reads a request body that is there as a whole: a pure function of its bytes and the model.</summary>
internal interface IBodyReader
{
    /// <summary>What the body is when its size is spoken of.</summary>
    string SizeName { get; }

    /// <summary>What a body that is empty should have been.</summary>
    string Expected { get; }

    /// <summary>Reads the body.</summary>
    /// <param name="body">The bytes, at least one.</param>
    /// <param name="model">The model that is to run.</param>
    /// <param name="header">Filled; after a failure it holds what had been read, and is still to be disposed.</param>
    /// <returns>What is wrong, or null.</returns>
    InferenceError? Read(ReadOnlySpan<byte> body, ModelConfig model, InferHeader header);
}
