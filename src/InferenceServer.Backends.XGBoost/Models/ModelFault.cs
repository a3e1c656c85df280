namespace InferenceServer.Backends.XGBoost.Models;

/// <summary>What is wrong with a model's file.</summary>
internal sealed class ModelFault(string message) : Exception(message);
